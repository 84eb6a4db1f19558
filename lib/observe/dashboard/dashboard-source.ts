import type { ViewRequest } from '../views/view-types.js';

/** Where a dashboard's answers come from: a node, or an observer of a cluster. What it answers must be plain JSON. */
export interface DashboardSource {
  /** The cluster: nodes, runs under way, what waits. */
  status(): Promise<object>;
  /** The runs under way, and the last that have ended. */
  allRuns(): Promise<readonly object[]>;
  /** Rejects with `HANDOFF_NOT_FOUND` for an unknown run, and with `HANDOFF_NODE_LOST` if its driver is gone. */
  view(runId: string, request: ViewRequest): Promise<object>;
  /** Asks the driver of a run to cancel it. Rejects as `view`. */
  cancel(runId: string): Promise<void>;
}
