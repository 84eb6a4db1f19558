// Brain: pure.
import type { Progress } from './messages.js';
import type { RunState } from './run-state.js';

/** The progress of a run of which nothing is known yet. */
export const NO_PROGRESS: Progress = {
  total: 0,
  waiting: 0,
  ready: 0,
  running: 0,
  resting: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
};

/** Returns the counts that users see. */
export function progressOf({ counts, plan, growth }: RunState): Progress {
  const unadded = growth?.unadded ?? 0;
  const neverAdded = growth?.neverAdded ?? 0;
  return {
    total: plan.size + unadded + neverAdded,
    waiting: counts.waiting + unadded,
    ready: counts.ready + counts.placed + counts['looking-up'],
    running: counts.running + counts.recording + counts.open,
    resting: counts.resting,
    succeeded: counts.succeeded,
    failed: counts.failed,
    skipped: counts.skipped,
    cancelled: counts.cancelled + neverAdded,
  };
}
