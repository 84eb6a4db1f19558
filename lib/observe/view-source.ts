import type { RunEvent, RunSummary } from '../runner/index.js';
import type { ClusterStatus } from './cluster-status.js';
import type { ViewAnswers, ViewRequest } from './views/view-types.js';

/**
 * Where pages and commands get what they show: a node, or an observer of a cluster. Runs of any driver can be asked about, also of one that
 * does not listen. Rejects with `HANDOFF_STOPPED` once the node or the observer has stopped.
 */
export interface ViewSource {
  /** The present status of the cluster. */
  status(): Promise<ClusterStatus>;
  /** The runs under way, and the last hundred of each driver that have ended. */
  allRuns(): Promise<readonly RunSummary[]>;
  /**
   * Looks at one run.
   * @throws `HANDOFF_NOT_FOUND` if no node knows the run, and `HANDOFF_NODE_LOST` if its driver is gone.
   */
  view<R extends ViewRequest>(runId: string, request: R): Promise<ViewAnswers[R['view']]>;
  /** The events of one run, from the first that is kept. Iterating throws as `view` does. */
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent>;
  /** Cancels a run. Resolves when its driver has begun to end it, also if it was over. Throws as `view` does. */
  cancel(runId: string): Promise<void>;
}

/** The options of `watch`. */
export interface WatchOptions {
  /**
   * Whether the lines come too that functions have written.
   * @default false
   */
  output?: boolean;
  /**
   * Whether to go on until the run has ended; otherwise the iteration ends with what there is by now.
   * @default true
   */
  follow?: boolean;
}
