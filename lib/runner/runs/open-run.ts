import type { HandoffError, RunId, Timer } from '../../base/index.js';
import type { CompletedEvent, FailedEvent, Progress, RunEvent } from '../brain/messages.js';
import type { DagRun } from '../run/dag-run.js';
import type { RunJob } from '../run/run-job.js';
import type { CheckedRunOptions } from './run-options.js';

/** What a run that succeeded came to. */
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
  /** Of functions that may fail without failing the run, those that did. */
  readonly failures: Readonly<Record<string, HandoffError>>;
}

/** How a run ended. */
export type RunEnd =
  | { readonly type: 'completed'; readonly outcome: RunOutcome<Readonly<Record<string, unknown>>>; readonly event: CompletedEvent }
  | { readonly type: 'failed'; readonly error: HandoffError; readonly event: FailedEvent };

/** A run that was accepted and waits for `launch`. */
export interface PreparedRun {
  readonly run: RunView;
  /** Told once, when every attempt has ended and every claim is free. */
  onEnd: (end: RunEnd) => void;
  /**
   * Looks a durable run up, and begins it: its id and its progress may be those of another run before it has started. Others are launched
   * by `Runs`.
   */
  begin?(): void;
  /** Cancels it; resolves when it has ended. Default: by its id. */
  cancel?: (reason: unknown) => Promise<void>;
}

/** A run as those see it who asked for it. Of a durable run, id and progress are those of the run that it turns out to be. */
export interface RunView {
  readonly runId: RunId;
  readonly dagId: string;
  readonly progress: Progress;
  readonly events: { iterate(): AsyncGenerator<RunEvent, void, void> };
}

/** What makes a run the one that it is. */
export interface RunIdentity extends Pick<RunJob, 'recorder' | 'past'> {
  readonly runId: RunId;
}

/** A run that this node drives. */
export interface OpenRun extends PreparedRun {
  readonly run: DagRun;
  readonly options: CheckedRunOptions;
  readonly alive: Timer;
  isLaunched: boolean;
  /** Every attempt has ended and every claim is free; what it came to is being put together. */
  isOver: boolean;
  timeout: Timer | undefined;
  stopListening: () => void;
  /** Settles after `onEnd` was told. */
  ended: Promise<void>;
  settle: () => void;
}
