import { inSteps, type RestOfWork, resultInSteps, type StepwiseWork } from '../../base/index.js';
import type { FunctionSpec } from '../build/function-spec.js';
import type { Adjacency } from '../graph/adjacency.js';
import { FLAGS, type GraphSnapshot } from '../graph/graph.js';
import { IndexById } from './id-maps.js';

/** The functions by number, and the arguments as numbers. */
export interface Numbered {
  readonly size: number;
  readonly functions: readonly FunctionSpec[];
  readonly flags: readonly number[];
  readonly specs: readonly FunctionSpec[];
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly args: Adjacency;
  /** The numbers by position; `undefined` if they are the same. */
  readonly numberAt: Int32Array | undefined;
}

/** Converts positions to numbers, in steps. Returns `undefined` if an argument names nothing. */
export function numberFunctions(snapshot: GraphSnapshot): RestOfWork<Numbered | undefined> {
  return (snapshot.allFlags & FLAGS.inline) === 0 ? numberRegular(snapshot) : numberWithInlines(snapshot);
}

/** Without inline functions a number is a position. */
function numberRegular(snapshot: GraphSnapshot): RestOfWork<Numbered | undefined> {
  const { graph, size, argsCount } = snapshot;
  const { args, argsEnd } = graph;
  const start = new Int32Array(size + 1);
  const items = new Int32Array(argsCount);
  let next = 0;
  let isMissing = false;
  const number = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      for (const end = argsEnd[i]!; next < end; next++) {
        const found = snapshot.definedAs(args[next]!);
        if (found === 0) isMissing = true;
        items[next] = found > 0 ? found - 1 : found;
      }
      start[i + 1] = next;
    }
  };
  return resultInSteps(size, number, () => {
    if (isMissing) return undefined;
    const specs = graph.specs.slice(0, size);
    const ids = graph.ids.slice(0, size);
    const flags = graph.flags.slice(0, size);
    const indexOf = new IndexById(graph.defined, ids, undefined);
    return { size, functions: specs, flags, specs, ids, indexOf, args: { start, items }, numberAt: undefined };
  });
}

function* numberWithInlines(snapshot: GraphSnapshot): StepwiseWork<Numbered | undefined> {
  const { graph, argsCount } = snapshot;
  const regular: number[] = [];
  const inline: number[] = [];
  yield* inSteps(snapshot.size, (from, to) => {
    for (let position = from; position < to; position++) {
      ((graph.flags[position]! & FLAGS.inline) === 0 ? regular : inline).push(position);
    }
  });
  const size = regular.length;
  const count = size + inline.length;
  const positionOf = (number: number): number => (number < size ? regular[number]! : inline[number - size]!);
  const numberAt = new Int32Array(count);
  yield* inSteps(count, (from, to) => {
    for (let number = from; number < to; number++) numberAt[positionOf(number)] = number;
  });
  const start = new Int32Array(count + 1);
  const items = new Int32Array(argsCount);
  const functions: FunctionSpec[] = [];
  const ids: string[] = [];
  const flags: number[] = [];
  let next = 0;
  let isMissing = false;
  yield* inSteps(count, (from, to) => {
    for (let number = from; number < to; number++) {
      const position = positionOf(number);
      for (let k = position === 0 ? 0 : graph.argsEnd[position - 1]!; k < graph.argsEnd[position]!; k++) {
        const found = snapshot.definedAs(graph.args[k]!);
        if (found === 0) isMissing = true;
        items[next++] = found > 0 ? numberAt[found - 1]! : found;
      }
      start[number + 1] = next;
      functions.push(graph.specs[position]!);
      flags.push(graph.flags[position]!);
      if (number < size) ids.push(graph.ids[position]!);
    }
  });
  if (isMissing) return undefined;
  return {
    size,
    functions,
    flags,
    specs: functions.slice(0, size),
    ids,
    indexOf: new IndexById(graph.defined, ids, numberAt),
    args: { start, items },
    numberAt,
  };
}
