// Brain: pure.
import type { FunctionState } from './function-state.js';
import type { Progress } from './messages.js';
import type { RunState } from './run-state.js';

/** The counts that users see. */
export function progressOf(state: RunState): Progress {
  const count = (name: FunctionState): number => state.counts.get(name)!;
  return {
    total: state.plan.size,
    waiting: count('waiting'),
    ready: count('ready') + count('placed'),
    running: count('running'),
    resting: count('resting'),
    succeeded: count('succeeded'),
    failed: count('failed'),
    skipped: count('skipped'),
    cancelled: count('cancelled'),
  };
}
