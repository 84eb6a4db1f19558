import type { Plan } from './plan.js';

/**
 * Returns for each function the length of the longest path from its start to the end of a sink, itself included. That is what is left of
 * the run once it is ready. `estimateMs` gives the time of one function.
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
