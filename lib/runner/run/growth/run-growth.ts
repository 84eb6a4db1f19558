import type { ClaimClass } from '../../../allocator/index.js';
import { makeRoom } from '../../../base/index.js';
import {
  type CodeRef,
  consumerOf,
  type ExpandedDag,
  elementsOf,
  firstEdge,
  type GrowingPlan,
  insidesOf,
  NO_EDGE,
  nextEdge,
  type PlanFragment,
  type PlanPart,
  type PlanShape,
} from '../../../dag/index.js';
import { moduleBelow } from '../../../executor/index.js';
import type { StoredValue } from '../../../value/index.js';
import type { RunHappening } from '../../brain/messages.js';
import type { RunState } from '../../brain/run-state.js';
import { growColumns, type RunColumns } from '../run-columns.js';
import type { RunDeps, RunJob } from '../run-job.js';
import type { RunValues } from '../values/run-values.js';
import { type ExpandingRun, Expansions, type InsideColumns } from './expansions.js';
import type { GrowthRecord, KeepRecalled } from './growth-record.js';
import { positionsOfElements, positionsOfInsides } from './part-positions.js';

/**
 * What a run adds to its plan, on its way: the brain is told of each part, and may ignore it if it comes too late. Once it has taken one,
 * everything else that has an entry for each function grows too.
 */
export class RunGrowth {
  readonly #of: GrowingRun;
  /** The parts that the brain has not answered yet. */
  readonly #offered = new Map<PlanFragment, OfferedPart>();

  readonly #expansions: Expansions | undefined;

  /** `expanding`: where DAGs of expansions come from; missing where none comes. */
  constructor(of: GrowingRun, expanding?: Omit<ExpandingRun, 'plan' | 'add' | 'feed'>) {
    this.#of = of;
    const { plan, feed } = of;
    const add: ExpandingRun['add'] = (...part) => this.addInsides(...part);
    this.#expansions = expanding && new Expansions({ ...expanding, plan, add, feed });
  }

  /** Adds the functions of the DAG that an expansion has made, which is here. */
  expand(index: number): void {
    this.#expansions!.expand(index);
  }

  /** Adds `count` elements of a map from place `from` on, of `total` in all. They have its claims, and its place in the order. */
  appendElements({ index, from, count, total }: NextElements): void {
    const { plan, kinds } = this.#of;
    const pathMs = this.#pathOfElements(index);
    const position = positionsOfElements(this.#of, index, total);
    const of = { kindOf: () => kinds[index]!, pathMsOf: () => pathMs, positionOf: (k: number) => position(from + k) };
    this.#offer(elementsOf(plan, index, from, count, total), of);
  }

  /**
   * The elements of a map over a map are as urgent as those that they take: each frees a value, and those make more of them. Else all
   * values of a pipeline would be made before the first is used.
   */
  #pathOfElements(map: number): number {
    const { plan, columns } = this.#of;
    let pathMs = columns.paths[map]!;
    for (let at = plan.growth!.maps.get(map)!; at.isPipelined; at = plan.growth!.maps.get(at.over)!) {
      pathMs = Math.max(pathMs, columns.paths[at.over]!);
    }
    return pathMs;
  }

  /**
   * Adds `count` functions of the DAG that an expansion gave, from place `first` on. Their claims and the paths that remain in that DAG are
   * given by their index there; the run goes on from its end as from that of the expansion.
   */
  addInsides(expansion: number, expanded: ExpandedDag, first: number, count: number, { kinds, paths }: InsideColumns): void {
    const { plan, columns } = this.#of;
    const afterMs = pathMsAfter(plan.shape, columns.paths, expansion);
    const indexAt = (k: number): number => expanded.indexAt(first + k);
    const position = positionsOfInsides(this.#of, expansion, expanded);
    const of = {
      kindOf: (k: number) => kinds[indexAt(k)]!,
      pathMsOf: (k: number) => paths[indexAt(k)]! + afterMs,
      positionOf: (k: number) => position(indexAt(k)),
    };
    this.#offer(insidesOf(plan, expansion, expanded, first, count), of);
  }

  #offer(part: PlanPart, of: Omit<OfferedPart, 'part'>): void {
    this.#offered.set(part.fragment, { part, ...of });
    this.#of.feed({ type: 'functions-added', added: part.fragment, ...this.#of.record?.recordedOf(part.fragment) });
  }

  /** The brain has been told of a part. */
  applied(fragment: PlanFragment): void {
    const { plan } = this.#of;
    const offered = this.#offered.get(fragment);
    this.#offered.delete(fragment);
    const { from, ids } = fragment;
    if (offered && plan.specs.length === from && plan.size === from + ids.length) this.#extend(offered);
    this.#expansions?.answered(fragment);
  }

  /** Returns the epoch in which a function became what it is; `undefined` in runs that are not durable. */
  sinceOf(index: number): number | undefined {
    return this.#of.record?.sinceOf(index);
  }

  /** The run is over. */
  close(): void {
    this.#expansions?.close();
  }

  #extend(offered: OfferedPart): void {
    const { plan, kinds, columns, record } = this.#of;
    const { from, ids } = offered.part.fragment;
    plan.extend(offered.part);
    growColumns(columns, plan.size);
    makeRoom(kinds, plan.size, 31);
    for (let k = 0; k < ids.length; k += 1) {
      kinds.push(offered.kindOf(k));
      columns.paths[from + k] = offered.pathMsOf(k);
      columns.positions![from + k] = offered.positionOf(k);
    }
    record?.added(offered.part.fragment);
  }
}

/** Returns the growth of a run; `undefined` if its plan cannot grow. */
export function runGrowthOf(order: RunJob, columns: RunColumns, deps: RunDeps, run: RunOfGrowth): RunGrowth | undefined {
  const { plan, kinds, constants, insides, files } = order;
  if (!plan.added) return undefined;
  const { node: driver, root, isolation, clock } = deps;
  const refOf = (module: string, name: string): CodeRef => deps.refOf(moduleBelow(module, root), name);
  const { values, state, taken, feed } = run;
  files?.openFor({ indexOf: plan.indexOf, isCollected: (index) => state.policy.collected[index] === 1 });
  const keep: KeepRecalled = (value, file) => {
    values.recall(value);
    if (file) files?.recorded(value.index, file);
  };
  const record = order.recordGrowth?.(plan, keep);
  const prepare = record && ((index: number, expanded: ExpandedDag) => record.prepare(index, expanded));
  const { maxFunctions } = order.options;
  const held = (index: number): StoredValue | undefined => values.held(index);
  const expanding = { insides: insides!, constants, clock, isolation, driver, refOf, maxFunctions, held, taken, prepare };
  return new RunGrowth({ plan, kinds: kinds as ClaimClass[], columns, record, feed }, expanding);
}

/** The parts of a run that its growth needs. */
export interface RunOfGrowth extends Pick<ExpandingRun, 'taken' | 'feed'> {
  readonly values: Pick<RunValues, 'held' | 'recall'>;
  readonly state: Pick<RunState, 'policy'>;
}

/** Returns how long a run goes on after the end of a function, along its longest path. What ends an expansion goes on as that does. */
function pathMsAfter(shape: PlanShape, paths: Float64Array, index: number): number {
  for (let at = index; at >= 0; at = shape.added!.parentOf[at]!) {
    let longestMs = Number.NEGATIVE_INFINITY;
    for (let edge = firstEdge(shape, at); edge !== NO_EDGE; edge = nextEdge(shape, at, edge)) {
      longestMs = Math.max(longestMs, paths[consumerOf(shape, edge)]!);
    }
    if (longestMs >= 0) return longestMs;
  }
  return 0;
}

/** A part, and the claims, paths and places in the order of its functions, by place in it. */
interface OfferedPart {
  readonly part: PlanPart;
  kindOf(k: number): ClaimClass;
  pathMsOf(k: number): number;
  positionOf(k: number): number;
}

/** The elements that the brain asks for. */
export interface NextElements {
  readonly index: number;
  readonly from: number;
  readonly count: number;
  readonly total: number;
}

/** The run that grows. */
export interface GrowingRun {
  readonly plan: GrowingPlan;
  /** The claims of its functions, which grow too. */
  readonly kinds: ClaimClass[];
  readonly columns: RunColumns;
  /** What is recorded of what it adds; missing in runs that are not durable. */
  readonly record?: GrowthRecord | undefined;
  feed(happening: RunHappening): void;
}
