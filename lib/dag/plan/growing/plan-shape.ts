import { doAtOnce, inSteps, makeRoom, restAfter, type StepwiseWork, withRoom } from '../../../base/index.js';
import { type Adjacency, transposed } from '../../graph/adjacency.js';
import { addCaching, copyOfCaching, type PlanCaching } from '../../graph/caching.js';
import type { PlanGrowth } from '../../graph/growth.js';
import type { RetryRules } from '../layout.js';

/**
 * Which function waits for which others: the part of a plan that the brain of a run needs. Plain data: it can be cloned and recorded. That
 * of a plan which cannot grow is shared by all runs. In one that grows, columns have room beyond `size`, and are replaced by larger ones:
 * read them anew each time.
 */
export interface PlanShape {
  readonly dagId: string;
  /** The number of functions. */
  readonly size: number;
  readonly ids: readonly string[];
  /** How many functions each one waits for. */
  readonly needsCount: Int32Array;
  /** The functions that wait for function i, as in `Plan`. Those that came later are in `added`: `firstEdge` and `nextEdge` find both. */
  readonly dependentsStart: Int32Array;
  readonly dependents: Int32Array;
  readonly producersStart: Int32Array;
  readonly producers: Int32Array;
  readonly retries: ReadonlyMap<number, RetryRules>;
  /** How it branches and grows; `undefined` if it does neither. */
  readonly growth: PlanGrowth | undefined;
  /** Which results are remembered; `undefined` if none are. */
  readonly caching?: PlanCaching | undefined;
  /** What a run has added; `undefined` in a plan that cannot grow. */
  readonly added: AddedFunctions | undefined;
}

/** What a run has added to its plan. */
export interface AddedFunctions {
  /** How many functions the DAG itself has. */
  readonly baseSize: number;
  /** For each function the map or expansion that it is a part of, or -1. */
  readonly parentOf: Int32Array;
  /** By map or expansion, what it has added. */
  readonly parts: ReadonlyMap<number, CompositeParts>;
  /** By producer, the first and the last edge to a function that was added later than the producer, or -1. */
  readonly lateFirst: Int32Array;
  readonly lateLast: Int32Array;
  /** By late edge, the next one of the same producer, or -1. */
  readonly lateNext: Int32Array;
  readonly lateConsumer: Int32Array;
  readonly lateCount: number;
  /** Whether `growth` has been copied, and may be added to. */
  readonly isOwnGrowth: boolean;
  /** The same of `caching`. */
  readonly isOwnCaching: boolean;
}

/** The parts of a map or an expansion: its elements or insides. Places count from 0. */
export interface CompositeParts {
  readonly by: number;
  /** How many parts there will be, and how many have been added. */
  readonly total: number;
  readonly count: number;
  /** Where they are, in order of their places: the first index and the one after the last, for each range of indices. Mostly one range. */
  readonly ranges: readonly number[];
  /** Of an expansion: the functions whose values make its record, and their keys in it. */
  readonly sinks?: readonly number[];
  readonly keys?: readonly string[];
}

/** Functions to be added: some parts of one map or expansion, in order of their places. Plain data; indices are those of the whole plan. */
export interface PlanFragment {
  readonly by: number;
  /** The index of the first, which is the size of the plan before. */
  readonly from: number;
  /** How many parts there are, over all fragments of this map or expansion. */
  readonly total: number;
  readonly ids: readonly string[];
  /** The producers of the kth of these functions: `producers` from `producersStart[k]` up to `producersStart[k + 1]`. */
  readonly producersStart: Int32Array;
  readonly producers: Int32Array;
  readonly retries: ReadonlyMap<number, RetryRules>;
  readonly growth: PlanGrowth | undefined;
  readonly caching?: PlanCaching | undefined;
  readonly sinks?: readonly number[];
  readonly keys?: readonly string[];
  /** For insides that are added in several fragments: how many of all of them wait for each of these. */
  readonly consumers?: Int32Array;
}

/** The end of a list of edges. */
export const NO_EDGE = -1;

/** Returns the first edge from a function to one that waits for it, or `NO_EDGE`. Edges come in the order of their consumers. */
export function firstEdge({ dependentsStart, added }: PlanEdges, index: number): number {
  const edge = dependentsStart[index]!;
  if (edge < dependentsStart[index + 1]!) return edge;
  return added === undefined ? NO_EDGE : asEdge(added.lateFirst[index]!);
}

/** Returns the edge after this one of the same function, or `NO_EDGE`. */
export function nextEdge({ dependentsStart, added }: PlanEdges, index: number, edge: number): number {
  if (edge >= 0 && edge + 1 < dependentsStart[index + 1]!) return edge + 1;
  if (added === undefined) return NO_EDGE;
  return asEdge(edge >= 0 ? added.lateFirst[index]! : added.lateNext[asLate(edge)]!);
}

/** Returns the function that an edge leads to. */
export const consumerOf = ({ dependents, added }: PlanEdges, edge: number): number =>
  edge >= 0 ? dependents[edge]! : added!.lateConsumer[asLate(edge)]!;

/** The part of a plan that its edges are read from. */
export type PlanEdges = Pick<PlanShape, 'dependentsStart' | 'dependents' | 'added'>;

/** Late edges are told from others by their sign; -1 is `NO_EDGE`. */
const asEdge = (late: number): number => (late < 0 ? NO_EDGE : -2 - late);
const asLate = (edge: number): number => -2 - edge;

/** Returns a copy that may grow. */
export const growingShape = (plan: PlanShape): PlanShape => doAtOnce(growingShapeInSteps(plan));

/** The same as `growingShape`, in steps. */
export function* growingShapeInSteps(plan: PlanShape): StepwiseWork<PlanShape> {
  const { size, growth, added, ids: known, needsCount, dependentsStart, dependents, producersStart, producers } = plan;
  if (!growth || added) throw new Error(`the plan of "${plan.dagId}" cannot grow${added ? ' by a copy' : ''}`);
  const ids: string[] = [];
  const [parentOf, lateFirst, lateLast] = [4, 5, 6].map((number) => withRoom(EMPTY, size + 1, number)) as Columns;
  const copy = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) ids.push(known[index]!);
    for (const column of [parentOf, lateFirst, lateLast]) column.fill(-1, from, to);
  };
  yield* inSteps(size, copy);
  makeRoom(ids, size + 1, 23);
  yield* restAfter(size);
  const start = withRoom(dependentsStart, size + 2, 1);
  const rows = {
    needsCount: withRoom(needsCount, size + 1, 0),
    dependentsStart: start,
    producersStart: withRoom(producersStart, size + 2, 2),
  };
  yield* restAfter(size);
  const items = { dependents: withRoom(dependents, dependents.length + 1, 7), producers: withRoom(producers, producers.length + 1, 8) };
  const late = { lateFirst, lateLast, lateNext: EMPTY, lateConsumer: EMPTY, lateCount: 0 };
  return {
    ...plan,
    ids,
    ...rows,
    ...items,
    retries: new Map(plan.retries),
    added: { baseSize: size, parentOf, parts: new Map(), isOwnGrowth: false, isOwnCaching: false, ...late },
  };
}

type Columns = [Int32Array, Int32Array, Int32Array];

/** Never written to: it has no entry. */
const EMPTY = new Int32Array(0);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Appends functions to the plan of a run. The cost is that of what is appended, though now and then a column is copied into a larger one.
 */
export function appendToShape(shape: PlanShape, fragment: PlanFragment): void {
  const { from, ids, producersStart, producers } = fragment;
  const { added } = shape;
  if (!added) throw new Error(`the plan of "${shape.dagId}" cannot grow`);
  if (from !== shape.size) throw new Error(`functions from index ${from} on cannot be appended to a plan of ${shape.size}`);
  const grown: Writable<PlanShape> = shape;
  const count = ids.length;
  const to = from + count;
  const inner = transposed(shifted(fragment), count);
  appendRows(grown, fragment, inner);
  const grownIds = grown.ids as string[];
  makeRoom(grownIds, to, 23);
  for (let k = 0; k < count; k += 1) {
    grownIds.push(ids[k]!);
    grown.needsCount[from + k] = producersStart[k + 1]! - producersStart[k]!;
  }
  for (const [index, rules] of fragment.retries) (grown.retries as Map<number, RetryRules>).set(index, rules);
  if (fragment.growth) addGrowth(grown, fragment.growth);
  if (fragment.caching) addCachingTo(grown, fragment.caching);
  addParts(added, fragment, to);
  const late: Writable<AddedFunctions> = added;
  late.parentOf = withRoom(added.parentOf, to, 4).fill(fragment.by, from, to);
  late.lateFirst = withRoom(added.lateFirst, to, 5).fill(-1, from, to);
  late.lateLast = withRoom(added.lateLast, to, 6).fill(-1, from, to);
  // Edges within the fragment are in its own lists; the others come later than the lists of their producers.
  for (let k = 0; k < count; k += 1) {
    for (let at = producersStart[k]!; at < producersStart[k + 1]!; at += 1)
      if (producers[at]! < from) addLate(late, producers[at]!, from + k);
  }
  grown.size = to;
}

/** The producers of a fragment relative to its first function; those from before are negative. */
function shifted({ from, producersStart, producers }: PlanFragment): Adjacency {
  const items = new Int32Array(producers.length);
  for (let at = 0; at < items.length; at += 1) items[at] = producers[at]! - from;
  return { start: producersStart, items };
}

/** Appends the lists of producers and those of dependents, `inner`. */
function appendRows(grown: Writable<PlanShape>, { from, ids, producersStart, producers }: PlanFragment, inner: Adjacency): void {
  const to = from + ids.length;
  grown.needsCount = withRoom(grown.needsCount, to, 0);
  grown.dependentsStart = withRoom(grown.dependentsStart, to + 1, 1);
  grown.producersStart = withRoom(grown.producersStart, to + 1, 2);
  const firstProducer = grown.producersStart[from]!;
  const firstDependent = grown.dependentsStart[from]!;
  grown.producers = withRoom(grown.producers, firstProducer + producers.length, 8);
  grown.producers.set(producers, firstProducer);
  grown.dependents = withRoom(grown.dependents, firstDependent + inner.items.length, 7);
  for (let at = 0; at < inner.items.length; at += 1) grown.dependents[firstDependent + at] = inner.items[at]! + from;
  for (let k = 1; k <= ids.length; k += 1) {
    grown.producersStart[from + k] = firstProducer + producersStart[k]!;
    grown.dependentsStart[from + k] = firstDependent + inner.start[k]!;
  }
}

function addLate(added: Writable<AddedFunctions>, producer: number, consumer: number): void {
  const edge = added.lateCount;
  added.lateCount += 1;
  added.lateNext = withRoom(added.lateNext, added.lateCount, 9);
  added.lateConsumer = withRoom(added.lateConsumer, added.lateCount, 10);
  added.lateNext[edge] = -1;
  added.lateConsumer[edge] = consumer;
  const last = added.lateLast[producer]!;
  if (last < 0) added.lateFirst[producer] = edge;
  else added.lateNext[last] = edge;
  added.lateLast[producer] = edge;
}

/** What the DAG itself says of growing is shared by all its runs, until one adds functions that say something too. */
function addGrowth(grown: Writable<PlanShape>, more: PlanGrowth): void {
  const added: Writable<AddedFunctions> = grown.added!;
  if (!added.isOwnGrowth) grown.growth = copyOf(grown.growth!);
  added.isOwnGrowth = true;
  const growth = grown.growth!;
  for (const name of ['whens', 'maps', 'gists'] as const) {
    for (const [index, value] of more[name]) (growth[name] as Map<number, unknown>).set(index, value);
  }
  for (const name of ['expansions', 'optionals', 'splits'] as const) {
    for (const index of more[name]) (growth[name] as Set<number>).add(index);
  }
}

function addCachingTo(grown: Writable<PlanShape>, more: PlanCaching): void {
  const added: Writable<AddedFunctions> = grown.added!;
  if (!grown.caching) grown.caching = copyOfCaching(more);
  else {
    if (!added.isOwnCaching) grown.caching = copyOfCaching(grown.caching);
    addCaching(grown.caching, more);
  }
  added.isOwnCaching = true;
}

const copyOf = ({ whens, maps, gists, expansions, optionals, splits }: PlanGrowth): PlanGrowth => ({
  whens: new Map(whens),
  maps: new Map(maps),
  gists: new Map(gists),
  expansions: new Set(expansions),
  optionals: new Set(optionals),
  splits: new Set(splits),
});

function addParts({ parts }: AddedFunctions, { by, from, total, sinks, keys }: PlanFragment, to: number): void {
  const known = parts.get(by) as Writable<CompositeParts> | undefined;
  if (!known) {
    const first: CompositeParts = { by, total, count: to - from, ranges: to > from ? [from, to] : [] };
    const whole = sinks && keys ? { ...first, sinks: [...sinks], keys: [...keys] } : first;
    (parts as Map<number, CompositeParts>).set(by, whole);
    return;
  }
  const ranges = known.ranges as number[];
  known.count += to - from;
  if (ranges.at(-1) === from) ranges[ranges.length - 1] = to;
  else if (to > from) ranges.push(from, to);
  if (sinks && keys) {
    for (const sink of sinks) (known.sinks as number[]).push(sink);
    for (const key of keys) (known.keys as string[]).push(key);
  }
}

/** Returns the index of the part at a place, or -1 if it has not been added. */
export function partAt({ ranges }: CompositeParts, place: number): number {
  let left = place;
  for (let at = 0; at < ranges.length; at += 2) {
    const length = ranges[at + 1]! - ranges[at]!;
    if (left < length) return ranges[at]! + left;
    left -= length;
  }
  return -1;
}

/** Returns the place of one of the parts. */
export function placeOf({ ranges }: CompositeParts, index: number): number {
  let before = 0;
  for (let at = 0; at < ranges.length; at += 2) {
    if (index >= ranges[at]! && index < ranges[at + 1]!) return before + index - ranges[at]!;
    before += ranges[at + 1]! - ranges[at]!;
  }
  return -1;
}

/** Whether the value of an inside is in the record of its expansion. The list is in order. */
export function isSink({ sinks = [] }: CompositeParts, index: number): boolean {
  let [from, to] = [0, sinks.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sinks[middle]! < index) from = middle + 1;
    else to = middle;
  }
  return sinks[from] === index;
}
