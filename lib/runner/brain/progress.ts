// Brain: pure.
import type { Progress } from './messages.js';
import type { RunState } from './run-state.js';

/** Returns the counts that users see. */
export function progressOf({ counts, plan }: RunState): Progress {
  return {
    total: plan.size,
    waiting: counts.waiting,
    ready: counts.ready + counts.placed,
    running: counts.running,
    resting: counts.resting,
    succeeded: counts.succeeded,
    failed: counts.failed,
    skipped: counts.skipped,
    cancelled: counts.cancelled,
  };
}
