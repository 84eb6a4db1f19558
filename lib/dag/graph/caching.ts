import { inSteps, type StepwiseWork } from '../../base/index.js';
import type { FunctionSpec } from '../build/function-spec.js';
import type { Numbered } from '../plan/numbering.js';
import type { Adjacency } from './adjacency.js';
import { FLAGS } from './graph.js';
import type { Wires } from './wires.js';

/**
 * What a plan says of functions whose results are remembered: plain data, by index of regular functions. A producer is the index of a
 * function, or -(k+1) for input k. What it says of a map holds for each of its elements.
 */
export interface PlanCaching {
  /** By function whose result is remembered, how old the result may be, ms; `Infinity` if it may have any age. */
  readonly ttls: ReadonlyMap<number, number>;
  /** The producers whose values such functions take as they are: the digests of those values are needed. */
  readonly digested: ReadonlySet<number>;
  /** The producers whose arrays are gone over by maps that are remembered: the digest of each element is needed. */
  readonly digestedParts: ReadonlySet<number>;
}

/**
 * Returns what a plan says of remembered results, in steps. `undefined` if a plain inline function is evaluated for one of them and has no
 * version: nothing says whether it is the same the next time.
 */
export function* cachingOf(
  { size, specs, functions, flags, args }: Numbered,
  { overs }: Wires,
  evaluated: Adjacency | undefined,
): StepwiseWork<PlanCaching | undefined> {
  const caching = { ttls: new Map<number, number>(), digested: new Set<number>(), digestedParts: new Set<number>() };
  let isFaulty = false;
  const digestArguments = (number: number): void => {
    for (let at = args.start[number]!; at < args.start[number + 1]!; at++)
      if (args.items[at]! < size) caching.digested.add(args.items[at]!);
  };
  const look = (index: number): void => {
    caching.ttls.set(index, ttlOf(specs[index]!));
    digestArguments(index);
    const over = overs.get(index);
    if (over !== undefined) (over >= 0 && (flags[over]! & FLAGS.map) !== 0 ? caching.digested : caching.digestedParts).add(over);
    if (evaluated === undefined) return;
    for (let at = evaluated.start[index]!; at < evaluated.start[index + 1]!; at++) {
      const inline = evaluated.items[at]!;
      digestArguments(inline);
      if (isUnversioned(functions[inline]!)) isFaulty = true;
    }
  };
  yield* inSteps(size, (from, to) => {
    for (let index = from; index < to; index++) if ((flags[index]! & FLAGS.cached) !== 0) look(index);
  });
  return isFaulty ? undefined : caching;
}

/** Whether nothing says whether the code of a function is the same the next time: a plain function closes over what it likes. */
export const isUnversioned = ({ code, version }: FunctionSpec): boolean => typeof code === 'function' && version === undefined;

/** Whether the result of a function is remembered. */
export const isCached = ({ cache }: FunctionSpec): boolean => cache !== undefined && cache !== false;

const ttlOf = ({ cache }: FunctionSpec): number => (typeof cache === 'object' ? (cache.ttlMs ?? FOR_EVER) : FOR_EVER);
const FOR_EVER = Number.POSITIVE_INFINITY;

/** The same of some functions of a DAG; `indexOf` gives their indices in the plan of the run. A DAG of an expansion has no inputs. */
export function cachingOfPart(
  { ttls, digested, digestedParts }: PlanCaching,
  indexOf: (index: number) => number,
  isHere: (index: number) => boolean,
): PlanCaching {
  const moved = (all: ReadonlySet<number>): Set<number> => new Set([...all].filter(isHere).map(indexOf));
  return {
    ttls: new Map([...ttls].filter(([index]) => isHere(index)).map(([index, ttlMs]) => [indexOf(index), ttlMs])),
    digested: moved(digested),
    digestedParts: moved(digestedParts),
  };
}

/** Returns a copy that may be added to. */
export const copyOfCaching = ({ ttls, digested, digestedParts }: PlanCaching): PlanCaching => ({
  ttls: new Map(ttls),
  digested: new Set(digested),
  digestedParts: new Set(digestedParts),
});

/** Adds what `more` says to a copy. */
export function addCaching({ ttls, digested, digestedParts }: PlanCaching, more: PlanCaching): void {
  for (const [index, ttlMs] of more.ttls) (ttls as Map<number, number>).set(index, ttlMs);
  for (const producer of more.digested) (digested as Set<number>).add(producer);
  for (const producer of more.digestedParts) (digestedParts as Set<number>).add(producer);
}
