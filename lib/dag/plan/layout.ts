import type { FunctionSpec, Isolation, RetryOptions } from '../build/function-spec.js';
import { type Adjacency, topologicalOrder, transposed } from '../graph/adjacency.js';
import { closuresOf } from '../graph/closures.js';
import { type Placement, placedAnywhere, placementOf } from '../graph/collocation.js';
import { FLAGS, type Graph, hasObject } from '../graph/graph.js';
import { evaluatedInlines } from '../graph/inlines.js';
import { type Numbered, numberFunctions } from './numbering.js';

/**
 * The arrays of a plan. Functions are numbered: regular ones from 0, inline ones from `size` on, both in the order of adding. Input k is
 * -(k+1).
 */
export interface Layout {
  /** The number of regular functions. */
  readonly size: number;
  /** All functions, by number. */
  readonly functions: readonly FunctionSpec[];
  /** The regular functions. */
  readonly specs: readonly FunctionSpec[];
  /** The ids of the regular functions, by index. */
  readonly ids: readonly string[];
  /** The index of each regular function, by id. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly inputs: readonly string[];
  /** The arguments of every function by number, including inline ones, in order and with duplicates. */
  readonly args: Adjacency;
  /** For each regular function the inline functions that it evaluates, producers first. `undefined` if the DAG has no inline function. */
  readonly evaluated: Adjacency | undefined;
  /** The regular functions that each one waits for, each once. */
  readonly producers: Adjacency;
  /** The regular functions that wait for each one, each once. */
  readonly dependents: Adjacency;
  /** How many functions each one waits for. */
  readonly needsCount: Int32Array;
  /** All regular functions, each after those it waits for. */
  readonly topological: Int32Array;
  /** The functions that no other consumes. */
  readonly sinks: Int32Array;
  readonly isolation: readonly Isolation[];
  readonly placement: Placement;
  /** An index into `CLOSURES` for each regular function. */
  readonly closure: Uint8Array;
  /** 1 if a function that will run needs input k. */
  readonly inputUsed: Uint8Array;
  /** 1 if the function needs inline functions or (de)serializers. `undefined` if no function does. */
  readonly complex: Uint8Array | undefined;
  readonly constants: readonly ConstantsOf[];
  readonly retries: ReadonlyMap<number, RetryRules>;
}

/** What a function says itself of being tried again. */
export interface RetryRules {
  readonly maxRetries: number | undefined;
  readonly retry: RetryOptions | undefined;
}

/** Constants of a function, or of one of its edges, that contain objects. */
export interface ConstantsOf {
  readonly functionId: string;
  /** The array that the specification holds. */
  readonly values: readonly unknown[];
}

/**
 * Lays a DAG out. Returns `undefined` if it has a fault, without saying which. This is on the hot path of every `execute`. Linear in
 * functions, arguments and evaluations of inline functions. Later additions to the graph do not change the layout. `defaultIsolation` is
 * that of references that name none.
 */
export function layOut(graph: Graph, defaultIsolation: Isolation): Layout | undefined {
  if ((graph.allFlags & FLAGS.faulty) !== 0) return undefined;
  const numbered = numberFunctions(graph);
  if (numbered === undefined) return undefined;
  const { size, functions, specs, flags, indexOf, args } = numbered;
  const hasInlines = functions.length > size;

  const orderOfAll = hasInlines ? topologicalOrder(transposed(args, functions.length)) : undefined;
  if (hasInlines && orderOfAll === undefined) return undefined;
  const evaluated = hasInlines ? evaluatedInlines(args, size) : undefined;
  const inputUsed = new Uint8Array(graph.inputs.length);
  const { producers, isAscending } = distinctProducers(args, size, evaluated, inputUsed);
  const dependents = transposed(producers, size);
  // Most DAGs are added producers first; then the order of adding is topological.
  const topological = orderOfAll?.filter((number) => number < size) ?? (isAscending ? ascending(size) : topologicalOrder(dependents));
  if (topological === undefined) return undefined;

  const complex = (graph.allFlags & (FLAGS.inline | FLAGS.transforms)) === 0 ? undefined : complexOf(numbered);
  const closure = closuresOf(numbered, evaluated, complex);
  const placement = (graph.allFlags & FLAGS.placed) === 0 ? placedAnywhere(closure) : placementOf(specs, indexOf, closure);
  if (placement === undefined) return undefined;
  const isolation: Isolation[] = new Array(size);
  const retries = new Map<number, RetryRules>();
  for (let i = 0; i < size; i++) {
    const { isolation: own, maxRetries, retry } = specs[i]!;
    isolation[i] = (flags[i]! & FLAGS.loop) === 0 ? (own ?? defaultIsolation) : 'loop';
    if (maxRetries !== undefined || retry !== undefined) retries.set(i, { maxRetries, retry });
  }
  return {
    size,
    functions,
    specs,
    ids: numbered.ids,
    indexOf,
    inputs: graph.inputs.slice(),
    args,
    evaluated,
    producers,
    dependents,
    needsCount: lengthsOf(producers),
    topological,
    sinks: emptyOnes(dependents),
    isolation,
    placement,
    closure,
    inputUsed,
    complex,
    constants: (graph.allFlags & FLAGS.constants) === 0 ? NO_CONSTANTS : constantsOf(numbered),
    retries,
  };
}

const NO_CONSTANTS: readonly never[] = [];

function constantsOf({ functions, flags }: Numbered): ConstantsOf[] {
  const found: ConstantsOf[] = [];
  for (let number = 0; number < functions.length; number++) {
    if ((flags[number]! & FLAGS.constants) === 0) continue;
    const { id, args, extraArgs } = functions[number]!;
    if (hasObject(extraArgs)) found.push({ functionId: id, values: extraArgs });
    for (const arg of args) if (typeof arg !== 'string' && hasObject(arg.extra)) found.push({ functionId: arg.id, values: arg.extra });
  }
  return found;
}

/**
 * Lists for each regular function the functions it waits for, directly or through inline functions, each once. Also marks the inputs that
 * are used.
 */
function distinctProducers(
  args: Adjacency,
  size: number,
  evaluated: Adjacency | undefined,
  inputUsed: Uint8Array,
): { producers: Adjacency; isAscending: boolean } {
  const seenBy = new Int32Array(size).fill(-1);
  const start = new Int32Array(size + 1);
  // Without inline functions the arguments bound the number of producers, and no array needs to grow.
  const items: number[] | Int32Array = evaluated === undefined ? new Int32Array(args.items.length) : [];
  let isAscending = true;
  let next = 0;
  const take = (consumer: number, number: number): void => {
    const end = args.start[number + 1]!;
    for (let k = args.start[number]!; k < end; k++) {
      const producer = args.items[k]!;
      if (producer < 0) inputUsed[-producer - 1] = 1;
      else if (producer < size && seenBy[producer] !== consumer) {
        seenBy[producer] = consumer;
        items[next++] = producer;
        if (producer >= consumer) isAscending = false;
      }
    }
  };
  for (let consumer = 0; consumer < size; consumer++) {
    take(consumer, consumer);
    if (evaluated !== undefined) {
      for (let k = evaluated.start[consumer]!; k < evaluated.start[consumer + 1]!; k++) take(consumer, evaluated.items[k]!);
    }
    start[consumer + 1] = next;
  }
  const exact = items instanceof Int32Array ? (next === items.length ? items : items.slice(0, next)) : Int32Array.from(items);
  return { producers: { start, items: exact }, isAscending };
}

function complexOf({ size, flags, args }: Numbered): Uint8Array {
  const complex = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    if ((flags[i]! & FLAGS.transforms) !== 0) complex[i] = 1;
    for (let k = args.start[i]!; k < args.start[i + 1]!; k++) if (args.items[k]! >= size) complex[i] = 1;
  }
  return complex;
}

function ascending(size: number): Int32Array {
  const order = new Int32Array(size);
  for (let i = 0; i < size; i++) order[i] = i;
  return order;
}

function lengthsOf({ start }: Adjacency): Int32Array {
  const lengths = new Int32Array(start.length - 1);
  for (let i = 0; i < lengths.length; i++) lengths[i] = start[i + 1]! - start[i]!;
  return lengths;
}

function emptyOnes({ start }: Adjacency): Int32Array {
  const empty: number[] = [];
  for (let i = 0; i + 1 < start.length; i++) if (start[i] === start[i + 1]) empty.push(i);
  return Int32Array.from(empty);
}
