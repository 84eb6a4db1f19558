import { doInTurns, HandoffError, textOf } from '../base/index.js';
import { type ChromeTrace, type ReportedNode, reportOf, traceRun } from '../observe/index.js';
import { NO_PROGRESS, type ObservedRun, type PreparedRun, type Progress, type RunEvent, type RunOutcome } from '../runner/index.js';
import type { RunWait } from './run-wait.js';

/**
 * One execution of a DAG: a promise of its outcome, and an iterable of its events. The iterable replays all events from the first (the last
 * 10,000 are kept) and ends with the run, without throwing. Iterating or cancelling marks a rejection as handled.
 */
export interface Run<R> extends Promise<RunOutcome<R>>, AsyncIterable<RunEvent> {
  /** The unique id of this run. */
  readonly id: string;
  /** The `dagId` that was given, else the id of the DAG. */
  readonly dagId: string;
  /** How many functions are in each state now. */
  readonly progress: Progress;
  /**
   * Cancels the run. Resolves when every attempt has ended and every claim is free, also if the run was over. `reason` becomes the `cause`
   * of the run's error.
   */
  cancel(reason?: unknown): Promise<void>;
  /**
   * Returns the run as one HTML file that needs nothing else: it opens from disk, and loads nothing. It has what is so far of a run that
   * goes on, and all that is kept of one that has ended, also of a failed or cancelled one. Made in turns of the event loop. Marks a
   * rejection of the run as handled.
   *
   * Rejects with `HANDOFF_NOT_FOUND` if the run was refused or has not begun, and where the page is missing that `npm run build` makes.
   */
  report(): Promise<string>;
  /**
   * Returns the attempts that are over by now as Chrome trace events, for Perfetto or `chrome://tracing`: all of them once the run has
   * ended, also if it has failed. Of a long run the last 100,000 are kept; `otherData.attemptsLeftOut` says how many are not.
   * @throws `HANDOFF_NOT_FOUND` if the run was refused or has not begun.
   */
  trace(): Promise<ChromeTrace>;
}

/** How a run was accepted, or why it was refused. */
export type RunStart =
  | {
      readonly type: 'prepared';
      readonly prepared: PreparedRun;
      readonly cancel: (reason: unknown) => Promise<void>;
      readonly wait: RunWait | undefined;
      /** The members of the cluster, for a report. */
      readonly nodes: () => Promise<readonly ReportedNode[]>;
    }
  | { readonly type: 'refused'; readonly id: string; readonly dagId: string; readonly error: unknown; readonly atMs: number };

class RunPromise<R> extends Promise<RunOutcome<R>> implements Run<R> {
  #start: RunStart | undefined;

  /** `then` returns an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static open<R>(
    start: RunStart,
    settle: (resolve: (outcome: RunOutcome<R>) => void, reject: (error: unknown) => void) => void,
  ): RunPromise<R> {
    const run = new RunPromise<R>(settle);
    run.#start = start;
    return run;
  }

  get id(): string {
    return this.#start!.type === 'prepared' ? this.#start!.prepared.run.runId : this.#start!.id;
  }

  get dagId(): string {
    return this.#start!.type === 'prepared' ? this.#start!.prepared.run.dagId : this.#start!.dagId;
  }

  get progress(): Progress {
    return this.#start!.type === 'prepared' ? this.#start!.prepared.run.progress : NO_PROGRESS;
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#handle();
    if (this.#start!.type === 'prepared') await this.#start!.cancel(reason);
  }

  async report(): Promise<string> {
    this.#handle();
    const { observed, start } = this.#observed('make a report of');
    // A node that has stopped knows no members any more.
    const nodes = await start.nodes().catch(() => []);
    return reportOf(observed, nodes);
  }

  async trace(): Promise<ChromeTrace> {
    this.#handle();
    return doInTurns(traceRun(this.#observed('trace').observed));
  }

  /** Returns the run as it may be looked at. Throws `HANDOFF_NOT_FOUND` if there is nothing to look at. */
  #observed(intent: string): { readonly observed: ObservedRun; readonly start: Extract<RunStart, { type: 'prepared' }> } {
    const start = this.#start!;
    const observed = start.type === 'prepared' ? start.prepared.run.observe() : undefined;
    if (start.type === 'prepared' && observed) return { observed, start };
    const why = start.type === 'refused' ? `it was refused: ${textOf(start.error)}` : 'it has not begun';
    const fields = { runId: this.id, dagId: this.dagId, ...(start.type === 'refused' && { cause: start.error }) };
    throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot ${intent} run ${this.id}: ${why}`, fields);
  }

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, void> {
    this.#handle();
    const start = this.#start!;
    if (start.type === 'refused') return refusal(start);
    const events = start.prepared.run.events.iterate();
    return start.wait ? waitingFor(events, start.wait) : events;
  }

  /** A caller of `then` waits for the run: `await` calls it too. */
  override then<A = RunOutcome<R>, B = never>(
    onFulfilled?: ((outcome: RunOutcome<R>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (this.#start?.type === 'prepared') this.#start.wait?.begin();
    return super.then(onFulfilled, onRejected);
  }

  #handle(): void {
    super.then(undefined, () => {});
  }
}

/** Iterates the events of a run for a function that waits for it while it listens. */
async function* waitingFor(events: AsyncGenerator<RunEvent, void, void>, wait: RunWait): AsyncGenerator<RunEvent, void, void> {
  wait.begin();
  try {
    yield* events;
  } finally {
    await wait.leave();
  }
}

/** Iterates the events of a refused run. */
async function* refusal({ id, dagId, error, atMs }: Extract<RunStart, { type: 'refused' }>): AsyncGenerator<RunEvent, void, void> {
  if (HandoffError.is(error)) yield { type: 'run-failed', runId: id, dagId, atMs, error };
}

/** Opens a run as its caller sees it. */
export const openRun = RunPromise.open;
