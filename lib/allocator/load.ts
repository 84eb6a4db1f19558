import type { Capabilities, NodeView } from './strategy.js';

/** The fraction in use, with `cost` added, of the resource of a node that would then be scarcest. */
export function loadWith(node: Pick<NodeView, 'capabilities' | 'used'>, cost: Capabilities): number {
  let load = 0;
  for (const name of Object.keys(node.capabilities)) {
    const capability = node.capabilities[name]!;
    if (capability > 0) load = Math.max(load, ((node.used[name] ?? 0) + (cost[name] ?? 0)) / capability);
  }
  return load;
}
