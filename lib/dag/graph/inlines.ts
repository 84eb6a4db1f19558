import { inSteps, type StepwiseWork } from '../../base/index.js';
import type { Adjacency } from './adjacency.js';

/**
 * For each of the first `size` functions, lists the inline functions (numbers from `size` on) that its attempt evaluates: each once,
 * producers first; in steps. `args` are the arguments of all functions, without a cycle.
 *
 * The size of the result equals the number of inline evaluations. Works without recursion, so chains may be of any length.
 */
export function* evaluatedInlines({ start, items }: Adjacency, size: number): StepwiseWork<Adjacency> {
  const cursor = new Int32Array(start.length - 1);
  const seenBy = new Int32Array(start.length - 1).fill(-1);
  const evaluatedStart = new Int32Array(size + 1);
  const evaluated: number[] = [];
  const path: number[] = [];
  const evaluate = (consumer: number): void => {
    path.push(consumer);
    cursor[consumer] = start[consumer]!;
    while (path.length > 0) {
      const current = path[path.length - 1]!;
      if (cursor[current]! < start[current + 1]!) {
        const producer = items[cursor[current]!++]!;
        if (producer >= size && seenBy[producer] !== consumer) {
          seenBy[producer] = consumer;
          cursor[producer] = start[producer]!;
          path.push(producer);
        }
      } else {
        path.pop();
        if (current >= size) evaluated.push(current);
      }
    }
    evaluatedStart[consumer + 1] = evaluated.length;
  };
  yield* inSteps(size, (from, to) => {
    for (let consumer = from; consumer < to; consumer++) evaluate(consumer);
  });
  return { start: evaluatedStart, items: Int32Array.from(evaluated) };
}
