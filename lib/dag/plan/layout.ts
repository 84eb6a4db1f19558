import { inSteps, type RestOfWork, resultInSteps, type StepwiseWork } from '../../base/index.js';
import type { FunctionSpec, Isolation, RetryOptions } from '../build/function-spec.js';
import { type Adjacency, topologicalOrder, transposedInSteps } from '../graph/adjacency.js';
import { cachingOf, type PlanCaching } from '../graph/caching.js';
import { closuresOf } from '../graph/closures.js';
import { type Placement, placedAnywhere, placementOf } from '../graph/collocation.js';
import { type ConstantsOf, FLAGS, GROWTH_FLAGS, type GraphSnapshot } from '../graph/graph.js';
import { growthOf, type PlanGrowth } from '../graph/growth.js';
import { evaluatedInlines } from '../graph/inlines.js';
import { NO_WIRES, wiresOf, withWires } from '../graph/wires.js';
import { depthFirstPositions } from './depth-first.js';
import { hasClashes } from './id-clashes.js';
import { longestFirst } from './longest-first.js';
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
  /** The place of each function in the depth-first order; `undefined` if that is its index. */
  readonly positions: Int32Array | undefined;
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
  /** `undefined` if no function branches, may fail, or adds others. */
  readonly growth: PlanGrowth | undefined;
  /** `undefined` if the result of no function is remembered. */
  readonly caching: PlanCaching | undefined;
}

/** Tells a plan without remembered results from one with a fault. */
const NO_CACHING = 'none';

/** What a function says itself of being tried again. */
export interface RetryRules {
  readonly maxRetries: number | undefined;
  readonly retry: RetryOptions | undefined;
}

/**
 * Lays a DAG out, in steps. Returns `undefined` if it has a fault, without saying which. This is on the hot path of every `execute`.
 * Linear in functions, arguments and evaluations of inline functions. `defaultIsolation` is that of references that name none.
 */
export function* layOut(snapshot: GraphSnapshot, defaultIsolation: Isolation): StepwiseWork<Layout | undefined> {
  const { allFlags } = snapshot;
  if ((allFlags & FLAGS.faulty) !== 0) return undefined;
  const numbered = yield* numberFunctions(snapshot);
  const wires = (allFlags & GROWTH_FLAGS) === 0 ? NO_WIRES : yield* wiresOf(snapshot, numbered?.numberAt);
  if (numbered === undefined || wires === undefined) return undefined;
  if ((allFlags & (FLAGS.map | FLAGS.expand)) !== 0 && (yield* hasClashes(snapshot))) return undefined;
  const { size, functions, specs, flags, indexOf, args } = numbered;
  const hasInlines = functions.length > size;

  const needs = wires === NO_WIRES ? args : yield* withWires(args, wires);
  const orderOfAll = hasInlines ? yield* topologicalOrder(yield* transposedInSteps(needs, functions.length)) : undefined;
  if (hasInlines && orderOfAll === undefined) return undefined;
  const evaluated = hasInlines ? yield* evaluatedInlines(args, size) : undefined;
  const inputUsed = new Uint8Array(snapshot.inputs.length);
  const { producers, isAscending } = yield* distinctProducers(needs, size, evaluated, inputUsed);
  const dependents = yield* transposedInSteps(producers, size);
  // Most DAGs are added producers first; then the order of adding is topological.
  const topological =
    orderOfAll?.filter((number) => number < size) ?? (isAscending ? yield* ascending(size) : yield* topologicalOrder(dependents));
  if (topological === undefined) return undefined;

  const complex = (allFlags & (FLAGS.inline | FLAGS.transforms)) === 0 ? undefined : yield* complexOf(numbered);
  const closure = yield* closuresOf(numbered, evaluated, complex);
  const placement = (allFlags & FLAGS.placed) === 0 ? yield* placedAnywhere(closure) : yield* placementOf(specs, indexOf, closure);
  if (placement === undefined) return undefined;
  const isolation: Isolation[] = [];
  const retries = new Map<number, RetryRules>();
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) {
      const { isolation: own, maxRetries, retry } = specs[i]!;
      isolation.push((flags[i]! & FLAGS.loop) === 0 ? (own ?? defaultIsolation) : 'loop');
      if (maxRetries !== undefined || retry !== undefined) retries.set(i, { maxRetries, retry });
    }
  });
  const caching = (allFlags & FLAGS.cached) === 0 ? NO_CACHING : yield* cachingOf(numbered, wires, evaluated);
  if (caching === undefined) return undefined;
  const { needsCount, sinks } = yield* lengthsAndSinks(producers, dependents);
  const bySink = yield* longestFirst(sinks, topological, producers);
  return {
    size,
    functions,
    specs,
    ids: numbered.ids,
    indexOf,
    inputs: snapshot.inputs,
    args,
    evaluated,
    producers,
    dependents,
    needsCount,
    topological,
    sinks,
    positions: yield* depthFirstPositions({ size, producers, dependents, sinks: bySink }),
    isolation,
    placement,
    closure,
    inputUsed,
    complex,
    constants: snapshot.constants,
    retries,
    growth: (allFlags & GROWTH_FLAGS) === 0 ? undefined : yield* growthOf(numbered, wires, evaluated),
    caching: caching === NO_CACHING ? undefined : caching,
  };
}

/**
 * Lists for each regular function the functions it waits for, directly or through inline functions, each once. Also marks the inputs that
 * are used.
 */
function distinctProducers(
  needs: Adjacency,
  size: number,
  evaluated: Adjacency | undefined,
  inputUsed: Uint8Array,
): RestOfWork<{ producers: Adjacency; isAscending: boolean }> {
  const seenBy = new Int32Array(size).fill(-1);
  const start = new Int32Array(size + 1);
  // Without inline functions the needs bound the number of producers, and no array needs to grow.
  const items: number[] | Int32Array = evaluated === undefined ? new Int32Array(needs.items.length) : [];
  let isAscending = true;
  let next = 0;
  const take = (consumer: number, number: number): void => {
    const end = needs.start[number + 1]!;
    for (let k = needs.start[number]!; k < end; k++) {
      const producer = needs.items[k]!;
      if (producer < 0) inputUsed[-producer - 1] = 1;
      else if (producer < size && seenBy[producer] !== consumer) {
        seenBy[producer] = consumer;
        items[next++] = producer;
        if (producer >= consumer) isAscending = false;
      }
    }
  };
  const takeAll = (from: number, to: number): void => {
    for (let consumer = from; consumer < to; consumer++) {
      take(consumer, consumer);
      if (evaluated !== undefined) {
        for (let k = evaluated.start[consumer]!; k < evaluated.start[consumer + 1]!; k++) take(consumer, evaluated.items[k]!);
      }
      start[consumer + 1] = next;
    }
  };
  return resultInSteps(size, takeAll, () => {
    const exact = items instanceof Int32Array ? (next === items.length ? items : items.slice(0, next)) : Int32Array.from(items);
    return { producers: { start, items: exact }, isAscending };
  });
}

function complexOf({ size, flags, args }: Numbered): RestOfWork<Uint8Array> {
  const complex = new Uint8Array(size);
  const mark = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      if ((flags[i]! & FLAGS.transforms) !== 0) complex[i] = 1;
      for (let k = args.start[i]!; k < args.start[i + 1]!; k++) if (args.items[k]! >= size) complex[i] = 1;
    }
  };
  return resultInSteps(size, mark, () => complex);
}

function ascending(size: number): RestOfWork<Int32Array> {
  const order = new Int32Array(size);
  const number = (from: number, to: number): void => {
    for (let i = from; i < to; i++) order[i] = i;
  };
  return resultInSteps(size, number, () => order);
}

/** Returns the length of each list of producers, and the functions whose lists of dependents are empty. */
function lengthsAndSinks(producers: Adjacency, dependents: Adjacency): RestOfWork<{ needsCount: Int32Array; sinks: Int32Array }> {
  const size = producers.start.length - 1;
  const needsCount = new Int32Array(size);
  const sinks = new Int32Array(size);
  let count = 0;
  const look = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      needsCount[i] = producers.start[i + 1]! - producers.start[i]!;
      if (dependents.start[i] === dependents.start[i + 1]) sinks[count++] = i;
    }
  };
  return resultInSteps(size, look, () => ({ needsCount, sinks: sinks.slice(0, count) }));
}
