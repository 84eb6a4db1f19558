import { type RestOfWork, resultInSteps } from '../../base/index.js';
import type { Plan } from './plan.js';

/**
 * Returns for each function the length of the longest path from its start to the end of a sink, itself included. That is what is left of
 * the run once it is ready. Works in steps. `estimateMs` gives the time of one function.
 */
export function remainingPaths(plan: Plan, estimateMs: (index: number) => number): RestOfWork<Float64Array> {
  const { topological, dependents, dependentsStart } = plan;
  const remaining = new Float64Array(plan.size);
  const last = topological.length - 1;
  const walk = (from: number, to: number): void => {
    for (let at = last - from; at > last - to; at--) {
      const index = topological[at]!;
      let longest = 0;
      for (let k = dependentsStart[index]!; k < dependentsStart[index + 1]!; k++) longest = Math.max(longest, remaining[dependents[k]!]!);
      remaining[index] = longest + estimateMs(index);
    }
  };
  return resultInSteps(topological.length, walk, () => remaining);
}
