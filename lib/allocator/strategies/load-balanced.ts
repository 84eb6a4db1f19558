// Brain: pure.
import { loadWith } from '../capacity/load.js';
import type { AllocationStrategy, NodeView } from '../strategy.js';

/** Takes the node with room whose scarcest resource would be used least; the first of equals. */
export const loadBalanced = (): AllocationStrategy => ({
  name: 'load-balanced',
  takesAnyRoom: true,
  place({ nodes, cost }) {
    let best: NodeView | undefined;
    let leastLoad = Number.POSITIVE_INFINITY;
    for (const node of nodes) {
      const load = node.fits ? loadWith(node, cost) : Number.POSITIVE_INFINITY;
      if (load < leastLoad) [best, leastLoad] = [node, load];
    }
    return best?.name;
  },
});
