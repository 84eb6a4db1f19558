import { HandoffError, type HandoffErrorCode, isError, onAbort, type RunId, safeThrown, type Timer, textOf } from '../../../base/index.js';
import type { Progress, RunEvent } from '../../brain/messages.js';
import { NO_PROGRESS } from '../../brain/progress.js';
import type { ObservedRun } from '../../observed/observed-run.js';
import { failedEnd, type PreparedRun, type RunEnd, type RunParent, type RunView } from '../../runs/open-run.js';

/** One call to resume a run whose DAG is known by its record alone. */
export class ResumeCall implements PreparedRun, RunView {
  readonly #placeholder: RunId;
  readonly #deps: ResumeDeps;
  onEnd: (end: RunEnd) => void = () => {};
  parent: RunParent | undefined;
  #call: PreparedRun | undefined;
  #end: RunEnd | undefined;
  readonly #known: Promise<void>;
  #tellKnown!: () => void;
  #timeout: Timer | undefined;
  #stopListening: () => void = () => {};

  /** `placeholder`: the id that the run has until its record has been read. */
  constructor(placeholder: RunId, deps: ResumeDeps) {
    this.#placeholder = placeholder;
    this.#deps = deps;
    this.#known = new Promise((resolve) => {
      this.#tellKnown = resolve;
    });
  }

  get run(): RunView {
    return this;
  }

  get runId(): RunId {
    return this.#call?.run.runId ?? this.#placeholder;
  }

  get dagId(): string {
    return this.#call?.run.dagId ?? '';
  }

  get progress(): Progress {
    return this.#call?.run.progress ?? NO_PROGRESS;
  }

  observe(): ObservedRun | undefined {
    return this.#call?.run.observe();
  }

  readonly events = { iterate: (): AsyncGenerator<RunEvent, void, void> => this.#iterate() };

  /** Reads the record, and begins. */
  begin(): void {
    void this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#end) return;
    try {
      this.#watch();
      const call = await this.#deps.prepare();
      call.parent = this.parent;
      if (this.#end) {
        void call.cancel?.(undefined);
        return call.begin?.();
      }
      this.#call = call;
      this.#unwatch();
      this.#deps.known();
      call.onEnd = (end) => this.#over(end);
      this.#tellKnown();
      call.begin?.();
    } catch (error) {
      // Wrong options are a `TypeError`, as for `execute`.
      this.refuse((isError(error) ? error : new Error(textOf(error))) as HandoffError);
    }
  }

  /** Until the run is known, the signal and the time-out of the call end it; then they are the run's. Wrong ones are refused there. */
  #watch(): void {
    const { signal, timeoutMs } = this.#deps.options;
    if (typeof timeoutMs === 'number' && timeoutMs >= 0)
      this.#timeout = this.#deps.after(timeoutMs, () => this.refuse(this.#timedOut(timeoutMs)));
    if (!(signal instanceof AbortSignal)) return;
    const cancel = (): void => this.refuse(this.#cancelled(signal.reason));
    if (signal.aborted) cancel();
    else this.#stopListening = onAbort(signal, cancel);
  }

  #unwatch(): void {
    this.#timeout?.cancel();
    this.#stopListening();
  }

  #cancelled(reason: unknown): HandoffError {
    return this.#error('HANDOFF_RUN_CANCELLED', 'was cancelled', safeThrown(reason));
  }

  #timedOut(timeoutMs: number): HandoffError {
    return this.#error('HANDOFF_RUN_TIMEOUT', `timed out after ${timeoutMs} ms`, undefined);
  }

  #error(code: HandoffErrorCode, what: string, cause: unknown): HandoffError {
    const message = `The run of key ${JSON.stringify(this.#deps.key)} ${what}: its record had not been read`;
    return new HandoffError(code, message, { runId: this.runId, cause });
  }

  /** Ends the call before the run is known. */
  refuse(error: HandoffError): void {
    this.#over(failedEnd(this, error, this.#deps.wallNow()));
  }

  async cancel(reason: unknown): Promise<void> {
    if (!this.#call) this.refuse(this.#cancelled(reason));
    await this.#call?.cancel?.(reason);
  }

  leave(error: HandoffError, graceMs: number): number {
    if (this.#call) return this.#call.leave!(error, graceMs);
    this.refuse(error);
    return 0;
  }

  #over(end: RunEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#unwatch();
    this.#deps.known();
    this.#tellKnown();
    this.onEnd(end);
  }

  async *#iterate(): AsyncGenerator<RunEvent, void, void> {
    await this.#known;
    if (this.#call) yield* this.#call.run.events.iterate();
    else if (this.#end?.type === 'failed') yield this.#end.event;
  }
}

/** The parts that a call to resume a run needs. */
export interface ResumeDeps {
  readonly key: string;
  /** The options of the call, unchecked. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Reads the DAG of the run, and prepares a call for it. */
  readonly prepare: () => Promise<PreparedRun>;
  /** The run is known now, or never will be. */
  readonly known: () => void;
  readonly after: (delayMs: number, action: () => void) => Timer;
  readonly wallNow: () => number;
}
