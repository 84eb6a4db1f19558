import { AgingMap, type Clock, type Timer } from '../../base/index.js';
import type { ObservedDagRun } from './observed-dag-run.js';

/** How many functions, attempts and lines of ended runs are kept, over all runs. */
const KEPT = 1_000_000;

/**
 * And how many runs: as many as are listed. More of them would outlive the young generation, on a node that runs thousands of small ones,
 * and those would cost more.
 */
const RUNS_KEPT = 100;

/** The ended runs that may still be looked at: each until it has been retained long enough, and the oldest make room for the others. */
export class PastRuns {
  readonly #clock: Clock;
  readonly #byRun = new AgingMap<string, PastRun>();
  #weight = 0;
  /** When the first one is due, and the timer for that. */
  #dueMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(runId: string): ObservedDagRun | undefined {
    return this.#byRun.get(runId)?.run;
  }

  /** Keeps a run that has just ended for `retainMs`. */
  add(run: ObservedDagRun, retainMs: number): void {
    // A durable run may have ended here before.
    this.#drop(run.runId);
    if (retainMs <= 0) return;
    const { weight } = run;
    this.#byRun.add(run.runId, { run, weight, untilMs: this.#clock.now() + retainMs });
    this.#weight += weight;
    // A single one may be larger than all that is kept otherwise: the last one stays.
    while (this.#byRun.size > RUNS_KEPT || (this.#weight > KEPT && this.#byRun.size > 1)) this.#drop(this.#byRun.oldest!);
    if (this.#clock.now() + retainMs < this.#dueMs) this.#wait();
  }

  /** They are asked for by nobody any more. */
  close(): void {
    this.#timer?.cancel();
    this.#byRun.clear();
  }

  #drop(runId: string): void {
    const past = this.#byRun.take(runId);
    if (past) this.#weight -= past.weight;
  }

  /** One timer for all: it looks again when the first one is due. */
  #wait(): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { untilMs } of this.#byRun.values()) dueMs = Math.min(dueMs, untilMs);
    if (dueMs === this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = dueMs < Number.POSITIVE_INFINITY ? this.#clock.after(dueMs - this.#clock.now(), () => this.#expire()) : undefined;
  }

  #expire(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    const over = [...this.#byRun.values()].filter(({ untilMs }) => untilMs <= nowMs);
    for (const { run } of over) this.#drop(run.runId);
    this.#wait();
  }
}

interface PastRun {
  readonly run: ObservedDagRun;
  readonly weight: number;
  readonly untilMs: number;
}
