import { ATTEMPTS_KEPT, AttemptColumns } from '../../observed/attempt-columns.js';
import type { AttemptHistory, AttemptRow, AttemptTotals, Phases, SeeAttempt } from '../../observed/attempt-history.js';
import { groupNameOf } from '../../observed/group-name.js';

/**
 * The attempts of a recorded run. Records of older versions do not say when a function ended, only how long it ran. Such attempts are in
 * the totals of their groups, as if they were no longer kept.
 */
export class RecordedAttempts implements AttemptHistory {
  readonly #idOf: (index: number) => string;
  readonly #timed: AttemptColumns;
  readonly #untimed = new Map<string, { attempts: number; runMs: number }>();
  #untimedCount = 0;

  constructor(idOf: (index: number) => string) {
    this.#idOf = idOf;
    this.#timed = new AttemptColumns(idOf, ATTEMPTS_KEPT);
  }

  get count(): number {
    return this.#untimedCount + this.#timed.count;
  }

  get first(): number {
    return this.#untimedCount + this.#timed.first;
  }

  get nodes(): readonly string[] {
    return this.#timed.nodes;
  }

  /** Adds a success that has no time. All of them come before those that have. */
  addUntimed(index: number, runMs: number): void {
    const group = groupNameOf(this.#idOf(index));
    const totals = this.#untimed.get(group) ?? { attempts: 0, runMs: 0 };
    totals.attempts += 1;
    totals.runMs += runMs;
    this.#untimed.set(group, totals);
    this.#untimedCount += 1;
  }

  /** Adds the success that has ended last. */
  addTimed(index: number, attempt: number, node: string, slot: number, endMs: number, phases: Phases): void {
    const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
    this.#timed.add(index, attempt, node, slot, SUCCEEDED, endMs, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs);
  }

  each(from: number, to: number, see: SeeAttempt): void {
    const before = this.#untimedCount;
    this.#timed.each(Math.max(0, from - before), to - before, (row, ...columns) => see(row + before, ...columns));
  }

  row(number: number): AttemptRow {
    return this.#timed.row(number - this.#untimedCount);
  }

  totals(): readonly AttemptTotals[] {
    const totals = new Map(this.#timed.totals().map((one) => [one.group, one]));
    for (const [group, { attempts, runMs }] of this.#untimed) {
      const { outcomes, phases, attempts: others } = totals.get(group) ?? NOTHING;
      totals.set(group, {
        group,
        attempts: attempts + others,
        outcomes: { ...outcomes, succeeded: outcomes.succeeded + attempts },
        phases: { ...phases, runMs: phases.runMs + runMs },
      });
    }
    return [...totals.values()];
  }
}

/** The index of its outcome: only successes are recorded. */
const SUCCEEDED = 0;

const NOTHING: Omit<AttemptTotals, 'group'> = {
  attempts: 0,
  outcomes: { succeeded: 0, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 },
  phases: { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 },
};
