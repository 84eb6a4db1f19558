import { HandoffError } from '../../base/index.js';
import type { GroupBuffer } from '../../journal/index.js';
import { type ThrownData, thrownOf } from '../../value/index.js';
import { holdsClaim } from '../brain/function-state.js';
import type { Measured, RunCommand, RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import { type AttemptTimes, writeTimes } from '../durable/record/records.js';
import { NO_ROW } from '../events/kept-events.js';
import { AttemptColumns, type RowMeter } from '../observed/attempt-columns.js';
import { ATTEMPT_OUTCOMES, type AttemptOutcome, type SeeAttempt } from '../observed/attempt-history.js';
import { DOUBLES, FETCH, HAND_OVER, LOAD, PACK, RUN, WAIT, WORDS } from '../observed/attempt-rows.js';
import type { RunColumns } from './run-columns.js';

const [SUCCEEDED, FAILED, TIMED_OUT, CANCELLED, LOST] = (['succeeded', 'failed', 'timed-out', 'cancelled', 'lost'] as const).map(
  (outcome: AttemptOutcome) => ATTEMPT_OUTCOMES.indexOf(outcome),
) as [number, number, number, number, number];

/**
 * Takes the times of each attempt by the driver's clock: when its function was ready, when it was asked for, and when its end came. All of
 * them are moments that the run has read already, so nothing is read here. The phases of an attempt add up to the time from the first to
 * the last.
 */
export class MeasuredAttempts implements AttemptTimes {
  readonly history: AttemptColumns;
  readonly #state: RunState;
  readonly #columns: RunColumns;
  /** The moment of the happenings that are being applied: monotonic ms, and ms since 1970. */
  nowMs = 0;
  wallMs = 0;
  #group: GroupBuffer | undefined;

  constructor(state: RunState, columns: RunColumns, meter: RowMeter) {
    this.#state = state;
    this.#columns = columns;
    // The history outlives the run, so it must not hold its whole state.
    const { plan } = state;
    this.history = new AttemptColumns((index) => plan.ids[index]!, undefined, meter, plan.size);
  }

  /** The function is ready, and asks for a claim, perhaps not for the first time. */
  requested(index: number): void {
    const { readyMs } = this.#columns;
    if (Number.isNaN(readyMs[index]!)) readyMs[index] = this.nowMs;
  }

  /** Whether the last attempt of a function is among those that are kept. One that a former driver began may not be. */
  hasTimes(index: number): boolean {
    const row = this.#columns.rows[index]!;
    return row !== NO_ROW && row >= this.history.first;
  }

  /** Adds to its record when the last attempt of a function ended, and what it was made of. */
  addTimes(index: number, group: GroupBuffer): void {
    const row = this.#columns.rows[index]!;
    this.#group = group;
    this.history.each(row, row + 1, this.#addRow);
  }

  /** Written out: a list of the phases of each row would cost more than writing them. */
  readonly #addRow: SeeAttempt = (_row, _index, _attempt, _node, slot, _outcome, endMs, wait, fetch, load, run, pack, handOver) => {
    const agoMs = this.nowMs - this.#state.startedMs - endMs;
    writeTimes(this.#group!, this.wallMs - agoMs, slot, wait, fetch, load, run, pack, handOver);
  };

  /** Returns the row of the attempt that an event is of. A function may also fail for want of a node, after its value was lost. */
  rowFor({ event, of }: Extract<RunCommand, { type: 'announce' }>): number {
    if (of === undefined) return NO_ROW;
    const row = this.#columns.rows[of]!;
    const isOther = row !== NO_ROW && event.type === 'function-failed' && this.history.row(row).outcome === 'succeeded';
    return isOther ? NO_ROW : row;
  }

  /**
   * A function has started on this node. If it stood in line for a turn of the event loop, which is part of its wait, its start has been
   * applied by now, and the moment is that of its turn. Otherwise it has just been placed.
   */
  startedHere(index: number): void {
    if (this.#isRunning(index)) this.#columns.askedMs[index] = this.nowMs;
  }

  /** Called with each happening before it is applied. */
  see(happening: RunHappening): void {
    switch (happening.type) {
      case 'function-placed':
        this.#columns.askedMs[happening.index] = this.nowMs;
        return;
      case 'attempt-started':
        return;
      case 'attempt-succeeded':
        if (this.#isCurrent(happening)) this.#over(happening.index, SUCCEEDED, happening.receipt, happening.receipt.tookMs);
        return;
      case 'attempt-failed':
        if (this.#isCurrent(happening)) this.#over(happening.index, this.#isTimeOut(happening) ? TIMED_OUT : FAILED, happening, 0);
        return;
      case 'attempt-stopped':
        // One that has not started is no attempt. One that has started ran until now: nothing else is known.
        if (this.#isCurrent(happening) && this.#isRunning(happening.index))
          this.#over(happening.index, CANCELLED, happening, Number.POSITIVE_INFINITY);
        return;
      case 'attempt-lost':
        // One that had started ran until it was lost: nothing else is known.
        if (this.#isCurrent(happening))
          this.#over(happening.index, LOST, happening, this.#isRunning(happening.index) ? Number.POSITIVE_INFINITY : 0);
        return;
      case 'attempt-declined':
      case 'argument-lost':
        // The function becomes ready once more if it was running, or waits for the argument.
        if (this.#isCurrent(happening) && (happening.type === 'argument-lost' || this.#isRunning(happening.index)))
          this.#columns.readyMs[happening.index] = Number.NaN;
        return;
      default:
    }
  }

  #isCurrent({ index, attempt }: { readonly index: number; readonly attempt: number }): boolean {
    const { phase, attempts, states } = this.#state;
    return phase !== 'ended' && attempts[index] === attempt && holdsClaim(states[index]!);
  }

  #isRunning(index: number): boolean {
    return this.#state.states[index] === 'running';
  }

  /** A function that runs a DAG may pass the time-out of another function on. */
  #isTimeOut({ index, error }: { readonly index: number; readonly error: ThrownData }): boolean {
    const thrown = thrownOf(error);
    const { runId, plan } = this.#state;
    return HandoffError.is(thrown, 'HANDOFF_FUNCTION_TIMEOUT') && thrown.functionId === plan.ids[index] && thrown.runId === runId;
  }

  /**
   * Without phases of its node it ran for `ranMs`, and nothing else took time. Another node's clock may be faster than this one's: then its
   * phases are made to fit into the time from asking to the end.
   */
  #over(index: number, outcome: number, { slot = 0, phases }: Measured, ranMs: number): void {
    const { readyMs, askedMs, rows } = this.#columns;
    const { nodes, attempts, startedMs } = this.#state;
    // An attempt that was taken over from an earlier driver was neither asked for nor ready here.
    const asked = askedMs[index]! || startedMs;
    const ready = readyMs[index]!;
    const waitMs = ready <= asked ? asked - ready : 0;
    const lastedMs = this.nowMs - asked;
    const endMs = this.nowMs - startedMs;
    const node = nodes[index]!;
    const attempt = attempts[index]!;
    readyMs[index] = Number.NaN;
    const { history } = this;
    rows[index] = history.addRow(index, attempt, node, slot, outcome);
    const at = history.lastWord;
    const { ends, phases: row } = history.block;
    ends[(at / WORDS) * DOUBLES] = endMs;
    if (!phases) {
      const runMs = Math.min(ranMs, lastedMs);
      row[at + WAIT] = waitMs;
      row[at + FETCH] = 0;
      row[at + LOAD] = 0;
      row[at + RUN] = runMs;
      row[at + PACK] = 0;
      row[at + HAND_OVER] = lastedMs - runMs;
      return;
    }
    const { waitMs: queuedMs = 0, fetchMs = 0, loadMs, runMs, packMs } = phases;
    const knownMs = queuedMs + fetchMs + loadMs + runMs + packMs;
    // One that lay at a thread of this node began before that was known here: it waited less.
    const earlierMs = node === this.#state.policy.driver ? Math.min(waitMs, Math.max(0, knownMs - lastedMs)) : 0;
    const fit = knownMs > lastedMs + earlierMs ? (lastedMs + earlierMs) / knownMs : 1;
    row[at + WAIT] = waitMs - earlierMs + queuedMs * fit;
    row[at + FETCH] = fetchMs * fit;
    row[at + LOAD] = loadMs * fit;
    row[at + RUN] = runMs * fit;
    row[at + PACK] = packMs * fit;
    row[at + HAND_OVER] = Math.max(0, lastedMs + earlierMs - knownMs);
  }
}
