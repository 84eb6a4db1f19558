// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun, Phases } from '../../runner/index.js';
import { ATTEMPT_OUTCOMES, groupNameOf, isInGroup } from '../../runner/observed/index.js';

/** How many functions or attempts are looked at in one step. */
const LOOKED_AT_IN_STEP = 8192;

/** Slots beyond this are not told apart. */
const MOST_SLOTS = 4096;

/** The columns of `sums`: how many attempts, their phases in the order of `Phases`, and how many had each outcome. */
const PHASES = 6;
const SUMS = 1 + PHASES + ATTEMPT_OUTCOMES.length;

/**
 * What views need of all functions and attempts of a run, so that no view makes it anew: the group of each function, and the attempts in
 * columns. It is kept up from where it was, when a view is asked for; nothing is done for a run that nobody looks at.
 */
export class RunIndex {
  /** The names of groups, in the order of their first function. */
  readonly groups: string[] = [];
  readonly #groupNumbers = new Map<string, number>();
  /** By group, the group of the function that came next last time. */
  readonly #nextGroups: number[] = [];
  #lastGroup = -1;
  /** By function, the number of its group. */
  groupOf = new Int32Array(0);
  /** By function, the number of its last attempt that is over and kept, as a row; -1 if there is none. */
  lastRow = new Int32Array(0);
  /** By function, the same of those that succeeded. */
  lastSuccess = new Int32Array(0);
  /** By map or expansion, the row of the last success of its parts, and of theirs. */
  lastPart = new Int32Array(0);
  /** How many functions are in it. */
  size = 0;
  /** The timeline's rows: node, isolation and slot of each. */
  readonly lanes: { readonly node: number; readonly isolation: string; readonly slot: number }[] = [];
  readonly #laneNumbers = new Map<string, (number | undefined)[]>();
  #lastIsolation = '';
  #lastNode = -1;
  #lastSlots: (number | undefined)[] = [];
  /** The attempts from row `base` up to `rowsTo`, at `row - base` of each column. */
  base = 0;
  rowsTo = 0;
  fn = new Int32Array(0);
  lane = new Int32Array(0);
  outcome = new Uint8Array(0);
  startMs = new Float64Array(0);
  endMs = new Float64Array(0);
  waitMs = new Float64Array(0);
  handOverMs = new Float64Array(0);
  #sums = new Float64Array(0);

  /** Takes in what is new of the run, in steps. Each step leaves it whole, so that several may keep it up at once. */
  *update(run: ObservedRun): StepwiseWork<void> {
    while (this.size < run.size) {
      this.#takeFunctions(run, Math.min(run.size, this.size + LOOKED_AT_IN_STEP));
      if (this.size < run.size) yield;
    }
    const { attempts } = run;
    if (attempts.first > this.rowsTo || this.rowsTo > attempts.count || (this.rowsTo === 0 && attempts.count > 0)) this.#beginRows(run);
    while (this.rowsTo < attempts.count) {
      if (attempts.first > this.rowsTo) this.#beginRows(run);
      this.#takeRows(run, Math.min(attempts.count, this.rowsTo + LOOKED_AT_IN_STEP));
      if (this.rowsTo < attempts.count) yield;
    }
  }

  /** Returns how many attempts of a group are over. */
  attemptsOf(group: number): number {
    return this.#sums[group * SUMS] ?? 0;
  }

  /** Returns what the attempts of a group were made of. */
  phasesOf(group: number): Phases {
    const at = group * SUMS + 1;
    const sum = (phase: number): number => rounded(this.#sums[at + phase] ?? 0);
    return { waitMs: sum(0), fetchMs: sum(1), loadMs: sum(2), runMs: sum(3), packMs: sum(4), handOverMs: sum(5) };
  }

  /** Returns how many attempts of a group had an outcome. */
  outcomesOf(group: number, outcome: number): number {
    return this.#sums[group * SUMS + 1 + PHASES + outcome] ?? 0;
  }

  /** Returns the row of a function's last attempt if it is kept, else -1. */
  rowOf(index: number, first: number): number {
    const row = this.lastRow[index] ?? -1;
    return row >= first ? row : -1;
  }

  /** Returns the number of a group; `undefined` if no function belongs to it. */
  groupNumber(name: string): number | undefined {
    return this.#groupNumbers.get(name);
  }

  #takeFunctions(run: ObservedRun, to: number): void {
    this.groupOf = grown(this.groupOf, to, Int32Array);
    const before = this.lastRow.length;
    this.lastRow = grown(this.lastRow, to, Int32Array);
    this.lastSuccess = grown(this.lastSuccess, to, Int32Array);
    this.lastPart = grown(this.lastPart, to, Int32Array);
    this.lastRow.fill(-1, before);
    this.lastSuccess.fill(-1, before);
    this.lastPart.fill(-1, before);
    for (let index = this.size; index < to; index += 1) this.groupOf[index] = this.#groupFor(run.idOf(index));
    this.size = to;
  }

  /** Functions mostly come in the order in which their groups came before, so ids are compared before a name is made. */
  #groupFor(id: string): number {
    const likely = this.#nextGroups[this.#lastGroup];
    let group = likely !== undefined && isInGroup(id, this.groups[likely]!) ? likely : undefined;
    group ??= this.#named(groupNameOf(id));
    if (this.#lastGroup >= 0) this.#nextGroups[this.#lastGroup] = group;
    this.#lastGroup = group;
    return group;
  }

  #named(name: string): number {
    const known = this.#groupNumbers.get(name);
    if (known !== undefined) return known;
    const group = this.groups.length;
    this.groups.push(name);
    // The next one of the same group is the best guess.
    this.#nextGroups.push(group);
    this.#groupNumbers.set(name, group);
    this.#sums = grown(this.#sums, (group + 1) * SUMS, Float64Array);
    return group;
  }

  /** Attempts were dropped before they were seen: begins with those that are kept. */
  #beginRows({ attempts }: ObservedRun): void {
    this.base = attempts.first;
    this.rowsTo = attempts.first;
    this.#sums.fill(0);
    this.lastRow.fill(-1);
    this.lastSuccess.fill(-1);
    this.lastPart.fill(-1);
    for (const { group, attempts: count, outcomes, phases } of attempts.totals()) {
      const at = this.#named(group) * SUMS;
      const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
      const sums = [count, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs, ...ATTEMPT_OUTCOMES.map((outcome) => outcomes[outcome])];
      for (const [column, sum] of sums.entries()) this.#sums[at + column]! += sum;
    }
  }

  #takeRows(run: ObservedRun, to: number): void {
    this.#makeRoom(run.attempts.first, to);
    const { base } = this;
    run.attempts.each(this.rowsTo, to, (row, index, _n, node, slot, outcome, end, wait, fetch, load, ran, pack, over) => {
      const at = row - base;
      this.fn[at] = index;
      this.outcome[at] = outcome;
      // What was handed over is divided between both ends, as nobody knows more.
      const endMs = end - over / 2;
      this.endMs[at] = endMs;
      this.startMs[at] = endMs - pack - ran - load - fetch;
      this.waitMs[at] = wait;
      this.handOverMs[at] = over;
      this.lane[at] = this.#laneFor(node, run.isolationOf(index), slot >= 0 && slot < MOST_SLOTS ? slot : -1);
      this.lastRow[index] = row;
      if (outcome === 0) this.#succeeded(run, index, row);
      const sum = this.groupOf[index]! * SUMS;
      const sums = this.#sums;
      sums[sum]! += 1;
      sums[sum + 1]! += wait;
      sums[sum + 2]! += fetch;
      sums[sum + 3]! += load;
      sums[sum + 4]! += ran;
      sums[sum + 5]! += pack;
      sums[sum + 6]! += over;
      sums[sum + 7 + outcome]! += 1;
    });
    this.rowsTo = to;
  }

  #succeeded(run: ObservedRun, index: number, row: number): void {
    this.lastSuccess[index] = row;
    for (let by = run.partOf(index); by !== undefined; by = run.partOf(by)) this.lastPart[by] = row;
  }

  /** Attempts that are no longer kept make room for new ones. */
  #makeRoom(first: number, to: number): void {
    const kept = this.rowsTo - this.base;
    const dropped = Math.min(kept, first - this.base);
    if (to - this.base > this.fn.length && dropped > 4 * LOOKED_AT_IN_STEP) {
      for (const column of [this.fn, this.lane, this.outcome, this.startMs, this.endMs, this.waitMs, this.handOverMs]) {
        column.copyWithin(0, dropped, kept);
      }
      this.base += dropped;
    }
    const length = to - this.base;
    this.fn = grown(this.fn, length, Int32Array);
    this.lane = grown(this.lane, length, Int32Array);
    this.outcome = grown(this.outcome, length, Uint8Array);
    this.startMs = grown(this.startMs, length, Float64Array);
    this.endMs = grown(this.endMs, length, Float64Array);
    this.waitMs = grown(this.waitMs, length, Float64Array);
    this.handOverMs = grown(this.handOverMs, length, Float64Array);
  }

  #laneFor(node: number, isolation: string, slot: number): number {
    if (node !== this.#lastNode || isolation !== this.#lastIsolation) {
      const key = `${node} ${isolation}`;
      const known = this.#laneNumbers.get(key);
      this.#lastSlots = known ?? [];
      if (!known) this.#laneNumbers.set(key, this.#lastSlots);
      this.#lastNode = node;
      this.#lastIsolation = isolation;
    }
    const known = this.#lastSlots[slot + 1];
    if (known !== undefined) return known;
    const lane = this.lanes.length;
    this.lanes.push({ node, isolation, slot });
    this.#lastSlots[slot + 1] = lane;
    return lane;
  }
}

const indices = new WeakMap<ObservedRun, RunIndex>();

/** Returns the index of a run, with all that is new of the run in it. */
export function* indexOf(run: ObservedRun): StepwiseWork<RunIndex> {
  let index = indices.get(run);
  if (!index) {
    index = new RunIndex();
    indices.set(run, index);
  }
  yield* index.update(run);
  return index;
}

/** Rounds to microseconds: enough for people, and short in JSON, which has no negative zero. */
export const rounded = (ms: number): number => Math.round(ms * 1000) / 1000 + 0;

interface Column<T> {
  readonly length: number;
  set(from: T): void;
}

function grown<T extends Column<T>>(column: T, length: number, make: new (length: number) => T): T {
  if (length <= column.length) return column;
  const larger = new make(Math.max(length, 2 * column.length, 64));
  larger.set(column);
  return larger;
}
