import { loadWith } from '../load.js';
import type { AllocationStrategy, NodeView } from '../strategy.js';

/** The node with room to which the fewest bytes must move; of equals the one whose scarcest resource would be used least. */
export const nearData = (): AllocationStrategy => ({
  name: 'near-data',
  place({ nodes, cost }) {
    let best: NodeView | undefined;
    let leastLoad = Number.POSITIVE_INFINITY;
    for (const node of nodes) {
      if (!node.fits || (best && node.bytesToMove > best.bytesToMove)) continue;
      const load = loadWith(node, cost);
      if (!best || node.bytesToMove < best.bytesToMove || load < leastLoad) [best, leastLoad] = [node, load];
    }
    return best?.name;
  },
});
