// Brain: pure.
import { loadWith } from '../capacity/load.js';
import type { AllocationStrategy, NodeView } from '../strategy.js';

/**
 * Takes the node with room to which the fewest bytes must move. Of equals it takes the one with most of the function's family, then the one
 * whose scarcest resource would be used least.
 */
export const nearData = (): AllocationStrategy => ({
  name: 'near-data',
  takesAnyRoom: true,
  place({ nodes, cost }) {
    let best: NodeView | undefined;
    // The compared numbers, most important first; less is better. Bytes and kin take time to count.
    let least: readonly [number, number, number] = [0, 0, 0];
    for (const node of nodes) {
      if (!node.fits) continue;
      const { bytesToMove } = node;
      if (best && bytesToMove > least[0]) continue;
      const rank = [bytesToMove, -node.kin, loadWith(node, cost)] as const;
      if (!best || isLess(rank, least)) [best, least] = [node, rank];
    }
    return best?.name;
  },
});

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at >= 0 && one[at]! < other[at]!;
}
