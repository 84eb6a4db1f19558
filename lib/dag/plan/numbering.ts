import type { FunctionSpec } from '../build/function-spec.js';
import type { Adjacency } from '../graph/adjacency.js';
import { FLAGS, type Graph } from '../graph/graph.js';
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
}

/** Converts positions to numbers. Returns `undefined` if an argument names nothing. */
export function numberFunctions(graph: Graph): Numbered | undefined {
  return (graph.allFlags & FLAGS.inline) === 0 ? numberRegular(graph) : numberWithInlines(graph);
}

/** Without inline functions a number is a position. */
function numberRegular(graph: Graph): Numbered | undefined {
  const { args, argsEnd, definedAs } = graph;
  const size = graph.specs.length;
  const start = new Int32Array(size + 1);
  for (let i = 0; i < size; i++) start[i + 1] = argsEnd[i]!;
  const items = new Int32Array(args.length);
  for (let k = 0; k < args.length; k++) {
    const found = definedAs[args[k]!]!;
    if (found === 0) return undefined;
    items[k] = found > 0 ? found - 1 : found;
  }
  const specs = graph.specs.slice();
  const ids = graph.ids.slice();
  return {
    size,
    functions: specs,
    flags: graph.flags.slice(),
    specs,
    ids,
    indexOf: new IndexById(graph, ids, undefined),
    args: { start, items },
  };
}

function numberWithInlines(graph: Graph): Numbered | undefined {
  const positions = [...graph.specs.keys()];
  const regular = positions.filter((position) => (graph.flags[position]! & FLAGS.inline) === 0);
  const inline = positions.filter((position) => (graph.flags[position]! & FLAGS.inline) !== 0);
  const order = [...regular, ...inline];
  const numberAt = new Int32Array(order.length);
  for (const [number, position] of order.entries()) numberAt[position] = number;
  const start = new Int32Array(order.length + 1);
  const items = new Int32Array(graph.args.length);
  let next = 0;
  for (const [number, position] of order.entries()) {
    for (let k = position === 0 ? 0 : graph.argsEnd[position - 1]!; k < graph.argsEnd[position]!; k++) {
      const found = graph.definedAs[graph.args[k]!]!;
      if (found === 0) return undefined;
      items[next++] = found > 0 ? numberAt[found - 1]! : found;
    }
    start[number + 1] = next;
  }
  const size = regular.length;
  const functions = order.map((position) => graph.specs[position]!);
  const ids = regular.map((position) => graph.ids[position]!);
  const flags = order.map((position) => graph.flags[position]!);
  return {
    size,
    functions,
    flags,
    specs: functions.slice(0, size),
    ids,
    indexOf: new IndexById(graph, ids, numberAt),
    args: { start, items },
  };
}
