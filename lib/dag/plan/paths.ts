import type { Plan } from './plan.js';

/**
 * By function: how long the longest path from its start to the end of a sink is, itself included: what is left of the run once it is ready.
 * `estimateMs` says how long one function takes.
 */
export function remainingPaths(plan: Plan, estimateMs: (index: number) => number): Float64Array {
  const { topological, dependents, dependentsStart } = plan;
  const remaining = new Float64Array(plan.size);
  for (let at = topological.length - 1; at >= 0; at--) {
    const index = topological[at]!;
    let longest = 0;
    for (let k = dependentsStart[index]!; k < dependentsStart[index + 1]!; k++) longest = Math.max(longest, remaining[dependents[k]!]!);
    remaining[index] = longest + estimateMs(index);
  }
  return remaining;
}
