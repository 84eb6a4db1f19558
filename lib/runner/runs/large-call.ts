import { type HandoffError, isError, onAbort, type RunId, type Timer, textOf } from '../../base/index.js';
import type { Progress, RunEvent } from '../brain/messages.js';
import { NO_PROGRESS } from '../brain/progress.js';
import type { ObservedRun } from '../observed/observed-run.js';
import { failedEnd, type PreparedRun, type RunEnd, type RunParent, type RunView } from './open-run.js';
import { cancelled, timedOut } from './run-endings.js';
import type { GivenRunOptions } from './run-options.js';

/**
 * One call of `execute` for a large DAG, which is checked and laid out in several turns of the event loop. Its id is known at once. What
 * ends the run meanwhile, such as its time-out, ends the call.
 */
export class LargeCall implements PreparedRun, RunView {
  readonly dagId: string;
  /** When it was called, by the wall clock, ms since 1970. */
  readonly startedAtMs: number;
  readonly #newId: RunId;
  readonly #total: number;
  readonly #deps: LargeCallDeps;
  onEnd: (end: RunEnd) => void = () => {};
  parent: RunParent | undefined;
  #prepared: PreparedRun | undefined;
  #end: RunEnd | undefined;
  readonly #timeout: Timer | undefined;
  readonly #stopListening: (() => void) | undefined;
  readonly #known: Promise<void>;
  #tellKnown!: () => void;

  constructor({ runId, dagId, total, options: { timeoutMs, signal } }: LargeRun, deps: LargeCallDeps) {
    this.#newId = runId;
    this.dagId = dagId;
    this.#total = total;
    this.#deps = deps;
    this.startedAtMs = deps.wallNow();
    this.#known = new Promise((resolve) => {
      this.#tellKnown = resolve;
    });
    if (timeoutMs !== undefined) this.#timeout = deps.after(timeoutMs, () => this.refuse(timedOut(this, timeoutMs)));
    if (signal) this.#stopListening = onAbort(signal, () => this.refuse(cancelled(this, runId, signal.reason)));
  }

  get run(): RunView {
    return this;
  }

  get runId(): RunId {
    return this.#prepared?.run.runId ?? this.#newId;
  }

  get progress(): Progress {
    return this.#prepared?.run.progress ?? { ...NO_PROGRESS, total: this.#total, waiting: this.#total };
  }

  observe(): ObservedRun | undefined {
    return this.#prepared?.run.observe();
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** How it has ended. */
  get end(): RunEnd | undefined {
    return this.#end;
  }

  readonly events = { iterate: (): AsyncGenerator<RunEvent, void, void> => this.#iterate() };

  /** Checks the DAG and lays it out, and begins. */
  begin(): void {
    void this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      await this.#deps.prepare(this);
    } catch (error) {
      // Wrong ids in `collect` are a `TypeError`, as for a small DAG.
      this.refuse((isError(error) ? error : new Error(textOf(error))) as HandoffError);
    }
  }

  /** The run is there, and is returned: it is launched next. */
  proceed(prepared: PreparedRun): PreparedRun {
    this.#prepared = prepared;
    prepared.parent = this.parent;
    prepared.onEnd = (end) => this.#over(end);
    this.#settled();
    return prepared;
  }

  /** Resolves when the run is there, or never will be. */
  get known(): Promise<void> {
    return this.#known;
  }

  /** Ends the call before the run is there. */
  refuse(error: HandoffError): void {
    if (!this.#prepared) this.#over(failedEnd(this, error, this.#deps.wallNow()));
  }

  /** Cancels the run. Resolves when it has ended. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#prepared) return this.#deps.cancel(this.#prepared, reason);
    this.refuse(cancelled(this, this.#newId, reason));
  }

  leave(error: HandoffError, graceMs: number): number {
    if (this.#prepared) return this.#deps.leave(this.#prepared, error, graceMs);
    this.refuse(error);
    return 0;
  }

  #over(end: RunEnd): void {
    if (this.#end) return;
    this.#end = end;
    if (!this.#prepared) this.#settled();
    this.onEnd(end);
  }

  #settled(): void {
    this.#timeout?.cancel();
    this.#stopListening?.();
    this.#deps.settled(this);
    this.#tellKnown();
  }

  async *#iterate(): AsyncGenerator<RunEvent, void, void> {
    await this.#known;
    if (this.#prepared) yield* this.#prepared.run.events.iterate();
    else if (this.#end?.type === 'failed') yield this.#end.event;
  }
}

/** What is known of a run of a large DAG at once. */
export interface LargeRun {
  readonly runId: RunId;
  readonly dagId: string;
  /** The number of its functions. */
  readonly total: number;
  readonly options: Pick<GivenRunOptions, 'timeoutMs' | 'signal'>;
}

/** The actions of a call besides waiting. */
export interface LargeCallDeps {
  /** Prepares the run in turns, passes it to `proceed` unless the call is over by then, and launches it. */
  readonly prepare: (call: LargeCall) => Promise<void>;
  /** The run is there now, or never will be. */
  readonly settled: (call: LargeCall) => void;
  readonly cancel: (prepared: PreparedRun, reason: unknown) => Promise<void>;
  readonly leave: (prepared: PreparedRun, error: HandoffError, graceMs: number) => number;
  readonly after: (delayMs: number, action: () => void) => Timer;
  readonly wallNow: () => number;
}
