import { inSteps, type StepwiseWork } from '../../base/index.js';
import type { Adjacency } from '../graph/adjacency.js';

/**
 * Returns the sinks, those first that end the longest paths, counted in functions; of paths as long, in the order of adding. So of all that
 * has not begun, the longest path begins first. Works in steps, linear in functions and arguments. Returns `sinks` itself if that is the
 * order.
 */
export function* longestFirst(sinks: Int32Array, topological: Int32Array, { start, items }: Adjacency): StepwiseWork<Int32Array> {
  if (sinks.length < 2 || items.length === 0) return sinks;
  const depths = new Int32Array(topological.length);
  let deepest = 0;
  yield* inSteps(topological.length, (from, to) => {
    for (let at = from; at < to; at += 1) {
      const index = topological[at]!;
      let depth = 0;
      for (let k = start[index]!; k < start[index + 1]!; k += 1) depth = Math.max(depth, depths[items[k]!]! + 1);
      depths[index] = depth;
      deepest = Math.max(deepest, depth);
    }
  });
  // A counting sort: it is stable, and can be done in steps.
  const placeOf = (sink: number): number => deepest - depths[sink]!;
  const next = new Int32Array(deepest + 2);
  let isInOrder = true;
  yield* inSteps(sinks.length, (from, to) => {
    for (let at = from; at < to; at += 1) {
      next[placeOf(sinks[at]!) + 1]! += 1;
      if (at > 0 && placeOf(sinks[at]!) < placeOf(sinks[at - 1]!)) isInOrder = false;
    }
  });
  if (isInOrder) return sinks;
  yield* inSteps(deepest, (from, to) => {
    for (let at = from; at < to; at += 1) next[at + 1]! += next[at]!;
  });
  const sorted = new Int32Array(sinks.length);
  yield* inSteps(sinks.length, (from, to) => {
    for (let at = from; at < to; at += 1) sorted[next[placeOf(sinks[at]!)]!++] = sinks[at]!;
  });
  return sorted;
}
