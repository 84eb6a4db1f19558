import { type HandoffError, keepAlive, type RunId, type Timer } from '../../base/index.js';
import type { CompletedEvent, FailedEvent, Progress, RunEvent } from '../brain/messages.js';
import type { ObservedRun } from '../observed/observed-run.js';
import type { WatchedRun } from '../observed/run-watch.js';
import type { DagRun } from '../run/dag-run.js';
import type { RunJob } from '../run/run-job.js';
import type { CheckedRunOptions } from './run-options.js';

/** A run that this node drives. */
export interface OpenRun extends PreparedRun {
  readonly run: DagRun;
  readonly options: CheckedRunOptions;
  readonly alive: Timer;
  /** When it was opened here, by the wall clock, ms since 1970. */
  readonly startedAtMs: number;
  isLaunched: boolean;
  /** Whether every attempt has ended and every claim is free. The outcome is being put together. */
  isOver: boolean;
  timeout: Timer | undefined;
  stopListening: () => void;
  /** Told of its end, if anyone wants to know. */
  readonly watched: WatchedRun | undefined;
  /** Settles after `onEnd` was called. Made when it is asked for: nobody waits for most runs here. */
  readonly ended: Promise<void>;
  settle(): void;
}

/** A run that is there, and not launched. It keeps the process alive until it has ended. */
class RunInTable implements OpenRun {
  readonly run: DagRun;
  readonly options: CheckedRunOptions;
  readonly startedAtMs: number;
  readonly watched: WatchedRun | undefined;
  readonly alive = keepAlive();
  onEnd: OpenRun['onEnd'] = nothing;
  isLaunched = false;
  isOver = false;
  timeout: Timer | undefined = undefined;
  stopListening: () => void = nothing;
  parent: RunParent | undefined = undefined;
  #isSettled = false;
  #ended: Promise<void> | undefined = undefined;
  #settle: () => void = nothing;

  constructor(run: DagRun, options: CheckedRunOptions, startedAtMs: number, watched: WatchedRun | undefined) {
    this.run = run;
    this.options = options;
    this.startedAtMs = startedAtMs;
    this.watched = watched;
  }

  get ended(): Promise<void> {
    this.#ended ??= this.#isSettled
      ? Promise.resolve()
      : new Promise((settle) => {
          this.#settle = settle;
        });
    return this.#ended;
  }

  settle(): void {
    this.#isSettled = true;
    this.#settle();
  }
}

const nothing = (): void => {};

/** Returns a run that is there, and not launched. */
export const newOpenRun = (run: DagRun, options: CheckedRunOptions, startedAtMs: number, watched: WatchedRun | undefined): OpenRun =>
  new RunInTable(run, options, startedAtMs, watched);

/** Whether a run has ended already, and is only reported again. */
export const isReadAgain = ({ order: { past, recorder } }: DagRun): boolean => past !== undefined && recorder === undefined;

/** The outcome of a run that succeeded. */
export interface RunOutcome<R> {
  /** The DAG id of the run: `dagId` of its options, else the DAG's own. */
  readonly dagId: string;
  readonly runId: string;
  /** The collected results by function id. */
  readonly results: R;
  /** The name of the node on which each function ran, by function id. */
  readonly allocations: Readonly<Record<string, string>>;
  /** How long the run took, waiting included, ms. */
  readonly durationMs: number;
  /** The functions that failed without failing the run, with their errors. */
  readonly failures: Readonly<Record<string, HandoffError>>;
}

/** How a run ended. */
export type RunEnd =
  | { readonly type: 'completed'; readonly outcome: RunOutcome<Readonly<Record<string, unknown>>>; readonly event: CompletedEvent }
  | { readonly type: 'failed'; readonly error: HandoffError; readonly event: FailedEvent };

/** Returns the end of a run that failed, with its last event. */
export function failedEnd(run: { readonly runId: string; readonly dagId: string }, error: HandoffError, atMs: number): RunEnd {
  const { runId, dagId } = run;
  return { type: 'failed', error, event: { type: 'run-failed', runId, dagId, atMs, error } };
}

/** An accepted run that waits for `launch`. */
export interface PreparedRun {
  readonly run: RunView;
  /** Called once, when every attempt has ended and every claim is free. */
  onEnd: (end: RunEnd) => void;
  /**
   * Looks a durable run up, and begins it. Before it has started, its id and its progress may be those of another run. Other runs are
   * launched by `Runs`.
   */
  begin?(): void;
  /** Cancels it. Resolves when it has ended. The default cancels by its id. */
  cancel?: (reason: unknown) => Promise<void>;
  /** Set if a function has started it. */
  parent?: RunParent | undefined;
  /**
   * Its caller is gone: ends it with `error`, unless another caller waits for it. Returns how long its attempts have to end, at most
   * `graceMs`. The default ends it by its id.
   */
  leave?(error: HandoffError, graceMs: number): number;
}

/** The function whose code has started a run. */
export interface RunParent {
  /** The id of its run. */
  readonly runId: string;
  readonly functionId: string;
}

/** A run as its caller sees it. The id and the progress of a durable run are those of the run that it turns out to be. */
export interface RunView {
  readonly runId: RunId;
  readonly dagId: string;
  readonly progress: Progress;
  /** Returns the run as it may be looked at, also after its end; `undefined` if it has not begun, or never will. */
  observe(): ObservedRun | undefined;
  readonly events: { iterate(): AsyncGenerator<RunEvent, void, void> };
}

/** What makes a run the one that it is. */
export interface RunIdentity extends Pick<RunJob, 'recorder' | 'files' | 'since' | 'past' | 'recordGrowth'> {
  readonly runId: RunId;
  /** When it was requested, monotonic ms: its time-out counts from then on. The default is now. */
  readonly requestedMs?: number | undefined;
  /**
   * The epoch of a durable run, also of one that is only read again.
   * @default 0
   */
  readonly epoch?: number;
}
