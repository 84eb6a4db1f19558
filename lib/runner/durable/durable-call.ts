import { type HandoffError, onAbort, type RunId, type Timer } from '../../base/index.js';
import type { RecordedRun } from '../../journal/index.js';
import type { Progress, RunEvent } from '../brain/messages.js';
import { NO_PROGRESS } from '../brain/progress.js';
import type { ObservedRun } from '../observed/observed-run.js';
import { failedEnd, type OpenRun, type PreparedRun, type RunEnd, type RunParent, type RunView } from '../runs/open-run.js';
import { cancelled, timedOut } from '../runs/run-endings.js';
import type { RunRequest } from '../runs/run-request.js';

/**
 * One call of `execute` for a durable run. Which run that is shows only when its record has been looked up: until then its id is the one
 * that a new run would have. Several calls may be attached to one run.
 */
export class DurableCall implements PreparedRun, RunView {
  readonly request: RunRequest;
  readonly found: FoundRun | undefined;
  readonly #newId: RunId;
  readonly #deps: CallDeps;
  onEnd: (end: RunEnd) => void = () => {};
  parent: RunParent | undefined;
  #open: OpenRun | undefined;
  #end: RunEnd | undefined;
  /** Whether the run is driven by another call: then its own `signal` and `timeoutMs` end only its attachment. */
  #isAttached = false;
  #timeout: Timer | undefined;
  #stopListening: () => void = () => {};
  readonly #known: Promise<void>;
  #tellKnown!: () => void;
  /** Settles when the run has been joined, or will not be, and nothing of this call is left. */
  #started: Promise<void> = Promise.resolve();
  readonly #over: Promise<void>;
  #tellOver!: () => void;
  /** Called when the call leaves a run that goes on: its readers wait for no more events. */
  readonly #leaving = new Set<() => void>();
  #hasLeft = false;

  /** `found`: the only state of the run in which the call may go on with it, for one that nobody asked for. */
  constructor(request: RunRequest, newId: RunId, deps: CallDeps, found?: FoundRun) {
    this.request = request;
    this.found = found;
    this.#newId = newId;
    this.#deps = deps;
    this.#known = new Promise((resolve) => {
      this.#tellKnown = resolve;
    });
    this.#over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
  }

  get run(): RunView {
    return this;
  }

  get runId(): RunId {
    return this.#open?.run.runId ?? this.#newId;
  }

  get dagId(): string {
    return this.#open?.run.dagId ?? this.request.plan.dagId;
  }

  get progress(): Progress {
    return this.#open?.run.progress ?? { ...NO_PROGRESS, total: this.request.plan.size };
  }

  observe(): ObservedRun | undefined {
    return this.#open?.run.observe();
  }

  /** Why the call failed. */
  get refusal(): HandoffError | undefined {
    return this.#end?.type === 'failed' ? this.#end.error : undefined;
  }

  /** Resolves when the run is there, or never will be. */
  get known(): Promise<void> {
    return this.#known;
  }

  /** Whether no caller waits for it any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  readonly events = { iterate: (): AsyncGenerator<RunEvent, void, void> => this.#iterate() };

  /** Looks the run up. */
  begin(): void {
    if (!this.#end) this.#watch();
    this.#started = this.#deps.start(this);
  }

  /** From now on its own signal and time-out end it. The signal may have aborted since the call was prepared. */
  #watch(): void {
    const { signal, timeoutMs } = this.request.options;
    const cancel = (): void => this.#leave(cancelled(this, this.runId, signal?.reason));
    if (signal?.aborted) return cancel();
    if (signal) this.#stopListening = onAbort(signal, cancel);
    if (timeoutMs !== undefined) this.#timeout = this.#deps.after(timeoutMs, () => this.#leave(timedOut(this, timeoutMs)));
  }

  /** The run is one that this call has opened. It listens to the signal of its own options, and has their time-out. */
  drive(open: OpenRun): void {
    this.#timeout?.cancel();
    this.#stopListening();
    this.#join(open);
  }

  /** The run is one that another call drives. */
  attach(open: OpenRun): void {
    this.#isAttached = true;
    this.#join(open);
  }

  #join(open: OpenRun): void {
    this.#open = open;
    this.#tellKnown();
  }

  /** There is no such run, or it must not be touched. */
  refuse(error: HandoffError): void {
    this.end(failedEnd(this, error, this.#deps.wallNow()));
  }

  /** The run has ended. A repeated call does nothing. */
  end(end: RunEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#timeout?.cancel();
    this.#stopListening();
    this.#tellKnown();
    this.onEnd(end);
    this.#tellOver();
  }

  /** Cancels the run, also one that another call opened. Resolves when it has ended. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#end) return;
    const error = cancelled(this, this.runId, reason);
    if (!this.#open) {
      this.refuse(error);
      return this.#started;
    }
    this.#open.run.end(error, this.#open.options.stopGraceMs);
    await this.#over;
  }

  /** Its own signal or time-out, while the run is not its own. */
  #leave(error: HandoffError): void {
    if (this.#open && !this.#isAttached) return;
    this.#abandon(error);
  }

  leave(error: HandoffError, graceMs: number): number {
    if (this.#end) return 0;
    const ownMs = Math.min(graceMs, this.request.options.stopGraceMs);
    if (this.#open && this.#deps.end(this, this.#open, error, ownMs)) return ownMs;
    this.#isAttached = true;
    this.#abandon(error);
    return 0;
  }

  /** The call is over, while the run goes on. */
  #abandon(error: HandoffError): void {
    this.refuse(error);
    this.#hasLeft = true;
    for (const leave of this.#leaving) leave();
  }

  async *#iterate(): AsyncGenerator<RunEvent, void, void> {
    await this.#known;
    if (this.#open) {
      const events = this.#open.run.events.iterate();
      for (let next = await this.#next(events); next; next = await this.#next(events)) {
        if (next.done) return;
        yield next.value;
      }
    }
    if (this.#end?.type === 'failed') yield this.#end.event;
  }

  /** The next event; `undefined` once the call has left. */
  #next(events: AsyncGenerator<RunEvent, void, void>): Promise<IteratorResult<RunEvent, void> | undefined> {
    if (!this.#isAttached) return events.next();
    return new Promise((resolve, reject) => {
      if (this.#hasLeft) return resolve(undefined);
      const leave = (): void => resolve(undefined);
      this.#leaving.add(leave);
      events
        .next()
        .then(resolve, reject)
        .finally(() => this.#leaving.delete(leave));
    });
  }
}

/** A run as it was found in its journal. */
export type FoundRun = Pick<RecordedRun, 'epoch' | 'state'>;

/** Whether nobody has touched a run since it was found. */
export const isAsFound = (recorded: RecordedRun | undefined, found: FoundRun): boolean =>
  recorded?.epoch === found.epoch && recorded.state === found.state;

/** The actions of a call besides waiting. */
export interface CallDeps {
  /** Looks the run up, and joins it or opens it. Never rejects: an obstacle is passed to `refuse`. */
  readonly start: (call: DurableCall) => Promise<void>;
  /** Ends the run of a call, unless another call waits for it. Returns whether it does. */
  readonly end: (call: DurableCall, open: OpenRun, error: HandoffError, graceMs: number) => boolean;
  readonly after: (delayMs: number, action: () => void) => Timer;
  readonly wallNow: () => number;
}
