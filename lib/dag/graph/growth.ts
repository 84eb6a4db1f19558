import { inSteps, type StepwiseWork } from '../../base/index.js';
import type { ConditionSpec, Primitive } from '../build/condition.js';
import type { Numbered } from '../plan/numbering.js';
import type { Adjacency } from './adjacency.js';
import { FLAGS, GROWTH_FLAGS } from './graph.js';
import type { Wires } from './wires.js';

/**
 * What a plan says of functions that branch, may fail, or add others while the run goes on: plain data, by index of regular functions. A
 * producer is the index of a function, or -(k+1) for input k.
 */
export interface PlanGrowth {
  /** The conditions under which functions run. */
  readonly whens: ReadonlyMap<number, When>;
  readonly maps: ReadonlyMap<number, MapOf>;
  readonly expansions: ReadonlySet<number>;
  /** The functions that may fail: the run goes on without their value. */
  readonly optionals: ReadonlySet<number>;
  /** By producer that a condition looks at, the length of the longest string that its value is compared with. */
  readonly gists: ReadonlyMap<number, number>;
  /** The producers that maps go over and that are no maps themselves: their arrays are split where they are made. */
  readonly splits: ReadonlySet<number>;
}

/** The condition under which a function runs. */
export interface When {
  /** The producer of the value that it looks at. */
  readonly on: number;
  readonly test: 'truthy' | { readonly is: Primitive } | { readonly isNot: Primitive };
}

/** What a map goes over, and how. */
export interface MapOf {
  /** The producer of the array. */
  readonly over: number;
  /** How many elements run at once at most; `Infinity` if nothing bounds them. */
  readonly concurrency: number;
  /**
   * Whether each element waits only for the element in the same place of the map that this one goes over. It does not if the map needs that
   * one as a whole too, as an argument or for its condition.
   */
  readonly isPipelined: boolean;
}

/** Returns the growth of a plan whose functions branch, may fail, or add others. In steps, linear. */
export function* growthOf(
  { size, specs, flags, args }: Numbered,
  { overs, whens }: Wires,
  evaluated: Adjacency | undefined,
): StepwiseWork<PlanGrowth> {
  const growth = {
    whens: new Map<number, When>(),
    maps: new Map<number, MapOf>(),
    expansions: new Set<number>(),
    optionals: new Set<number>(),
    gists: new Map<number, number>(),
    splits: new Set<number>(),
  };
  const isMap = (producer: number): boolean => producer >= 0 && (flags[producer]! & FLAGS.map) !== 0;
  const isArgument = (producer: number, number: number): boolean => {
    for (let k = args.start[number]!; k < args.start[number + 1]!; k++) if (args.items[k] === producer) return true;
    return false;
  };
  const needs = (index: number, producer: number): boolean => {
    if (isArgument(producer, index) || whens.get(index) === producer) return true;
    if (evaluated === undefined) return false;
    for (let k = evaluated.start[index]!; k < evaluated.start[index + 1]!; k++) if (isArgument(producer, evaluated.items[k]!)) return true;
    return false;
  };
  const look = (index: number, own: number): void => {
    const { when, concurrency = Number.POSITIVE_INFINITY } = specs[index]!;
    if (own & FLAGS.optional) growth.optionals.add(index);
    if (own & FLAGS.expand) growth.expansions.add(index);
    if (when !== undefined) {
      const on = whens.get(index)!;
      const test = testOf(when);
      growth.whens.set(index, { on, test });
      growth.gists.set(on, Math.max(growth.gists.get(on) ?? 0, comparedLength(test)));
    }
    if ((own & FLAGS.map) === 0) return;
    const over = overs.get(index)!;
    growth.maps.set(index, { over, concurrency, isPipelined: isMap(over) && !needs(index, over) });
    if (!isMap(over)) growth.splits.add(over);
  };
  yield* inSteps(size, (from, to) => {
    for (let index = from; index < to; index++) {
      const own = flags[index]! & GROWTH_FLAGS;
      if (own !== 0) look(index, own);
    }
  });
  return growth;
}

const TRUTHY = 'truthy';

function testOf(when: ConditionSpec): When['test'] {
  if (typeof when === 'string') return TRUTHY;
  return 'is' in when ? { is: when.is } : { isNot: when.isNot };
}

function comparedLength(test: When['test']): number {
  if (test === TRUTHY) return 0;
  const compared = 'is' in test ? test.is : test.isNot;
  return typeof compared === 'string' ? compared.length : 0;
}

/** Whether a run may add functions to a plan: it has a map or an expansion. */
export const canGrow = (growth: PlanGrowth | undefined): growth is PlanGrowth =>
  growth !== undefined && (growth.maps.size > 0 || growth.expansions.size > 0);
