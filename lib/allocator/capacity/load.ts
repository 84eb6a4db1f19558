// Brain: pure.
import type { Capabilities, NodeView } from '../strategy.js';

/** Returns the fraction in use, with `cost` added, of the node's scarcest resource. */
export function loadWith(node: Pick<NodeView, 'capabilities' | 'used'>, cost: Capabilities): number {
  const { capabilities, used } = node;
  let load = 0;
  // Without a list of names: this runs for every node with room, for every function that is placed.
  for (const name in capabilities) {
    const capability = capabilities[name]!;
    if (capability > 0) load = Math.max(load, ((used[name] ?? 0) + (cost[name] ?? 0)) / capability);
  }
  return load;
}
