import type { Progress } from '../brain/messages.js';
import type { ObservedRunState } from '../observed/observed-run.js';

/** A run in a list of runs. Times are of the driver's wall clock, ms since 1970. */
export interface RunSummary {
  readonly runId: string;
  readonly dagId: string;
  /** The key of a durable run. */
  readonly key?: string;
  /** The name of the node that drives it. */
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
}
