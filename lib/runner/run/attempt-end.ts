import { HandoffError } from '../../base/index.js';
import type { RemoteOutcome } from '../../executor/index.js';
import type { RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';

/** An outcome of an attempt that made no value. */
export type Unsuccessful = Exclude<RemoteOutcome, { type: 'succeeded' | 'kept' }>;

/** What the run hears of an attempt that made no value. `random`, in [0, 1), is for the jitter of a rest. */
export function happeningOf(state: RunState, index: number, attempt: number, outcome: Unsuccessful, random: number): RunHappening {
  switch (outcome.type) {
    case 'stopped':
    case 'declined':
    case 'lost':
      return { type: `attempt-${outcome.type}`, index, attempt };
    case 'failed': {
      const { error, final } = outcome;
      return { type: 'attempt-failed', index, attempt, error, final, random };
    }
    case 'argument-lost': {
      const { plan, runId, nodes } = state;
      const { functionId, error: cause } = outcome;
      const producer = plan.indexOf.get(functionId);
      // Inputs are the driver's: nobody can make them again.
      if (producer === undefined) return { type: 'attempt-failed', index, attempt, error: cause, final: true, random };
      if (!isArgument(state, index, producer)) {
        const message = `Node "${nodes[index]}" says that "${functionId}" is lost, which is no argument of "${plan.ids[index]}"`;
        const error = new HandoffError('HANDOFF_BAD_MESSAGE', message, { functionId: plan.ids[index]!, node: nodes[index] });
        return { type: 'attempt-failed', index, attempt, error, final: true, random };
      }
      const fields = { dagId: plan.dagId, runId, functionId, node: nodes[producer], cause };
      return { type: 'argument-lost', index, attempt, producer, error: new HandoffError('HANDOFF_RESULT_LOST', cause.message, fields) };
    }
  }
}

/** Whether a function needs the value of another. What is computed again for one that does not need it would be lost to it for ever. */
function isArgument({ plan }: RunState, index: number, producer: number): boolean {
  for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1)
    if (plan.producers[at] === producer) return true;
  return false;
}
