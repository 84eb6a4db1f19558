// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { indexOf, type RunIndex, rounded } from './run-index.js';
import { headerOf } from './shown-state.js';
import { barsOf } from './timeline-bars.js';
import { type TimelineRows, timelineRows } from './timeline-rows.js';
import type { TimelineBars, TimelineRequest, TimelineView } from './view-types.js';

/** How many bars are made in one step. */
const BARS_IN_STEP = 1000;

/** How many of the attempts that run now are listed. */
const MOST_RUNNING = 1000;

/** Beyond so many groups, only those are named that bars need. */
const MOST_NAMED = 1000;

/** Shows the attempts of a part of the time, by node and slot. */
export function* timelineView(run: ObservedRun, request: TimelineRequest): StepwiseWork<TimelineView> {
  const index = yield* indexOf(run);
  const { attempts } = run;
  const rows = timelineRows(index, attempts.nodes);
  const { rows: single, merged, countOf } = yield* barsOf(run, index, rows, request);
  yield;
  const names = new GroupNames(index.groups);
  const bars = yield* singleBars(run, index, single, rows);
  const running = runningNow(run, index);
  for (const { group } of running) countOf[group]! += 1;
  const shown = {
    bars: { ...bars, group: names.numbersOf(bars.group) },
    merged: { ...merged, group: names.numbersOf(merged.group) },
    running: running.map((one) => ({ ...one, group: names.numberOf(one.group) })),
  };
  names.nameOthers(countOf);
  return {
    run: headerOf(run),
    rows: rows.order.map((lane) => {
      const { node, isolation, slot } = index.lanes[lane]!;
      return { node: attempts.nodes[node]!, isolation, slot };
    }),
    moreRows: rows.more,
    ...shown,
    groups: names.names,
    counts: names.countsOf(countOf),
    leftOut: attempts.first,
  };
}

/** The names of the groups that a timeline shows, numbered as they come. */
class GroupNames {
  readonly names: string[] = [];
  readonly #groups: readonly string[];
  readonly #numbers = new Map<number, number>();

  constructor(groups: readonly string[]) {
    this.#groups = groups;
  }

  numberOf(group: number): number {
    const known = this.#numbers.get(group);
    if (known !== undefined) return known;
    this.#numbers.set(group, this.names.length);
    return this.names.push(this.#groups[group]!) - 1;
  }

  numbersOf(groups: readonly number[]): number[] {
    return groups.map((group) => this.numberOf(group));
  }

  /** Names the groups that are in merged bars only, in which another group fills more of the time, as far as there is room. */
  nameOthers(countOf: Uint32Array): void {
    for (let group = 0; group < countOf.length && this.names.length < MOST_NAMED; group += 1) if (countOf[group]! > 0) this.numberOf(group);
  }

  /** Returns the counts of the groups that have a name, in the order of their names. */
  countsOf(countOf: Uint32Array): number[] {
    return [...this.#numbers.keys()].map((group) => countOf[group]!);
  }
}

/** Returns the bars of some attempts, in columns. */
function* singleBars(run: ObservedRun, index: RunIndex, rows: readonly number[], { rowOf }: TimelineRows): StepwiseWork<TimelineBars> {
  const bars = {
    row: [] as number[],
    functionId: [] as string[],
    group: [] as number[],
    attempt: [] as number[],
    outcome: [] as number[],
    startMs: [] as number[],
    endMs: [] as number[],
    waitMs: [] as number[],
    fetchMs: [] as number[],
    loadMs: [] as number[],
    runMs: [] as number[],
    packMs: [] as number[],
    handOverMs: [] as number[],
  };
  const see: Parameters<ObservedRun['attempts']['each']>[2] = (
    row,
    fn,
    attempt,
    _n,
    _s,
    outcome,
    _e,
    wait,
    fetch,
    load,
    ran,
    pack,
    over,
  ) => {
    const at = row - index.base;
    bars.row.push(rowOf[index.lane[at]!]!);
    bars.functionId.push(run.idOf(fn));
    bars.group.push(index.groupOf[fn]!);
    bars.attempt.push(attempt);
    bars.outcome.push(outcome);
    bars.startMs.push(rounded(index.startMs[at]!));
    bars.endMs.push(rounded(index.endMs[at]!));
    bars.waitMs.push(rounded(wait));
    bars.fetchMs.push(rounded(fetch));
    bars.loadMs.push(rounded(load));
    bars.runMs.push(rounded(ran));
    bars.packMs.push(rounded(pack));
    bars.handOverMs.push(rounded(over));
  };
  for (const [at, row] of rows.entries()) {
    if (row >= run.attempts.first) run.attempts.each(row, row + 1, see);
    if (at % BARS_IN_STEP === BARS_IN_STEP - 1) yield;
  }
  return bars;
}

/** The attempts that run now. Only their ends tell in which slots they were, so they have no row. */
function runningNow(run: ObservedRun, index: RunIndex): TimelineView['running'] {
  const running: TimelineView['running'][number][] = [];
  if (run.progress.running === 0) return running;
  for (let at = 0; at < index.size && running.length < MOST_RUNNING; at += 1) {
    if (run.stateOf(at) !== 'running') continue;
    const startMs = run.startedMsOf(at);
    const node = run.nodeOf(at);
    if (startMs === undefined || node === undefined) continue;
    const [functionId, attempt] = [run.idOf(at), run.attemptOf(at)];
    running.push({ row: -1, functionId, group: index.groupOf[at]!, attempt, node, startMs: rounded(startMs) });
  }
  return running;
}
