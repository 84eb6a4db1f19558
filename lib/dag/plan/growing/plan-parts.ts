import { cachingOfPart } from '../../graph/caching.js';
import type { PlanGrowth } from '../../graph/growth.js';
import type { RetryRules } from '../layout.js';
import type { ExpandedDag } from './expanded-dag.js';
import type { GrowingPlan } from './growing-plan.js';
import { INLINE_ARGUMENT, type PlanPart } from './plan-part.js';
import { partAt } from './plan-shape.js';

/**
 * Returns elements of a map, from place `first` on, of `total` in all. Each takes its element of `over`, then what the map takes. In a
 * pipeline its element is the function in the same place of `over`, which must have been added.
 */
export function elementsOf(plan: GrowingPlan, map: number, first: number, count: number, total: number): PlanPart {
  const { over, isPipelined } = plan.growth!.maps.get(map)!;
  const spec = plan.specs[map]!;
  const isolation = plan.isolation[map]!;
  const shared = plan.args.subarray(plan.argsStart[map], plan.argsStart[map + 1]);
  const others = producersOf(plan, map).filter((producer) => isPipelined || producer !== over);
  const stages = isPipelined ? plan.added.parts.get(over) : undefined;
  const own = isPipelined || over >= 0 ? 1 : 0;
  const ids = new Array<string>(count);
  const argsStart = new Int32Array(count + 1);
  const producersStart = new Int32Array(count + 1);
  const args = new Int32Array(count * (1 + shared.length));
  const producers = new Int32Array(count * (own + others.length));
  const id = plan.ids[map]!;
  for (let k = 0; k < count; k += 1) {
    const source = stages ? partAt(stages, first + k) : over;
    if (stages && source < 0) throw new Error(`element ${first + k} of "${plan.ids[over]!}" is not there for "${id}"`);
    ids[k] = `${id}[${first + k}]`;
    args[argsStart[k]!] = source;
    args.set(shared, argsStart[k]! + 1);
    argsStart[k + 1] = argsStart[k]! + 1 + shared.length;
    if (own === 1) producers[producersStart[k]!] = source;
    producers.set(others, producersStart[k]! + own);
    producersStart[k + 1] = producersStart[k]! + own + others.length;
  }
  return {
    fragment: { by: map, from: plan.size, total, ids, producersStart, producers, retries: new Map(), growth: undefined },
    specs: new Array(count).fill(spec),
    isolation: new Array(count).fill(isolation),
    argsStart,
    args,
    expanded: undefined,
  };
}

/** The functions that a function takes values of, directly or through inline functions, each once. */
function producersOf(plan: GrowingPlan, index: number): readonly number[] {
  const found = new Set<number>();
  if (plan.isSimple(index)) {
    for (let at = plan.argsStart[index]!; at < plan.argsStart[index + 1]!; at += 1) if (plan.args[at]! >= 0) found.add(plan.args[at]!);
  } else {
    for (const { sources } of plan.recipe(index).steps)
      for (const source of sources) if (source.from === 'function') found.add(source.index);
  }
  return [...found];
}

/** Returns insides of an expansion, from place `first` on. All those before must have been added. */
export function insidesOf(plan: GrowingPlan, expansion: number, expanded: ExpandedDag, first: number, count: number): PlanPart {
  const { plan: sub, prefix } = expanded;
  const from = plan.size;
  const before = plan.added.parts.get(expansion);
  const { isInOrder } = expanded;
  const indexOf = (index: number): number => {
    const place = isInOrder ? index : expanded.placeAt(index);
    return place >= first ? from + place - first : partAt(before!, place);
  };
  const indices = Array.from({ length: count }, (_, k) => expanded.indexAt(first + k));
  const isHere = (index: number): boolean => {
    const place = expanded.placeAt(index);
    return place >= first && place < first + count;
  };
  const argumentOf = (number: number): number => (number < 0 ? number : number < sub.size ? indexOf(number) : INLINE_ARGUMENT);
  const rows = (start: Int32Array, items: Int32Array, turned: (number: number) => number): [Int32Array, Int32Array] => {
    const starts = new Int32Array(count + 1);
    for (let k = 0; k < count; k += 1) starts[k + 1] = starts[k]! + start[indices[k]! + 1]! - start[indices[k]!]!;
    const all = new Int32Array(starts[count]!);
    for (let k = 0; k < count; k += 1) {
      const shift = start[indices[k]!]! - starts[k]!;
      for (let at = starts[k]!; at < starts[k + 1]!; at += 1) all[at] = turned(items[shift + at]!);
    }
    return [starts, all];
  };
  const [producersStart, producers] = rows(sub.producersStart, sub.producers, indexOf);
  const [argsStart, args] = rows(sub.argsStart, sub.args, argumentOf);
  const sinks = indices.filter((index) => sub.dependentsStart[index] === sub.dependentsStart[index + 1]);
  const retries = new Map<number, RetryRules>();
  if (sub.retries.size > 0) {
    for (const index of indices) {
      const rules = sub.retries.get(index);
      if (rules) retries.set(indexOf(index), rules);
    }
  }
  const isPart = count < sub.size;
  return {
    fragment: {
      by: expansion,
      from,
      total: sub.size,
      ids: indices.map((index) => prefix + sub.ids[index]!),
      producersStart,
      producers,
      retries,
      growth: sub.growth && growthOfPart(sub.growth, indexOf, isHere),
      ...(sub.caching && { caching: cachingOfPart(sub.caching, indexOf, isHere) }),
      sinks: sinks.map(indexOf),
      keys: sinks.map((index) => sub.ids[index]!),
      ...(isPart && { consumers: Int32Array.from(indices, (index) => sub.dependentsStart[index + 1]! - sub.dependentsStart[index]!) }),
    },
    specs: indices.map((index) => sub.specs[index]!),
    isolation: indices.map((index) => sub.isolation[index]!),
    argsStart,
    args,
    expanded,
  };
}

/** The growth of some functions of a DAG; `indexOf` gives their indices in the plan of the run. A DAG of an expansion has no inputs. */
function growthOfPart(growth: PlanGrowth, indexOf: (index: number) => number, isHere: (index: number) => boolean): PlanGrowth {
  const mapOf = <T>(values: ReadonlyMap<number, T>, turned: (value: T) => T): Map<number, T> => {
    const found = new Map<number, T>();
    for (const [index, value] of values) if (isHere(index)) found.set(indexOf(index), turned(value));
    return found;
  };
  const setOf = (indices: ReadonlySet<number>): Set<number> => new Set([...indices].filter(isHere).map(indexOf));
  return {
    whens: mapOf(growth.whens, ({ on, test }) => ({ on: indexOf(on), test })),
    maps: mapOf(growth.maps, (one) => ({ ...one, over: indexOf(one.over) })),
    expansions: setOf(growth.expansions),
    optionals: setOf(growth.optionals),
    gists: mapOf(growth.gists, (length) => length),
    splits: setOf(growth.splits),
  };
}
