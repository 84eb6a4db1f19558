import { HandoffError } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import type { RemoteOutcome } from '../../executor/index.js';
import { thrownData } from '../../value/index.js';
import type { RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';

/** An outcome of an attempt that made no value. */
export type Unsuccessful = Exclude<RemoteOutcome, { type: 'succeeded' | 'kept' }>;

/** Whose attempt has ended. */
export interface EndedAttempt {
  readonly state: RunState;
  readonly plan: Plan;
  readonly index: number;
  readonly attempt: number;
  /** In [0, 1), for the jitter of a rest. */
  readonly random: number;
}

/** What the run hears of an attempt that made no value. */
export function happeningOf({ state, plan, index, attempt, random }: EndedAttempt, outcome: Unsuccessful): RunHappening {
  const failed = (error: unknown, final: boolean): RunHappening => ({
    type: 'attempt-failed',
    index,
    attempt,
    error: thrownData(error),
    final,
    random,
  });
  switch (outcome.type) {
    case 'stopped':
      return outcome.blocked ? { type: 'attempt-stopped', index, attempt, keepsClaim: true } : { type: 'attempt-stopped', index, attempt };
    case 'declined':
    case 'lost':
      return { type: `attempt-${outcome.type}`, index, attempt };
    case 'failed': {
      const happening = failed(outcome.error, outcome.final);
      return outcome.blocked ? ({ ...happening, keepsClaim: true } as RunHappening) : happening;
    }
    case 'argument-lost': {
      const { runId, nodes } = state;
      const { functionId, error: cause } = outcome;
      const producer = plan.indexOf.get(functionId);
      // Inputs are the driver's: nobody can make them again.
      if (producer === undefined) return failed(cause, true);
      if (!isArgument(plan, index, producer)) {
        const message = `Node "${nodes[index]}" says that "${functionId}" is lost, which is no argument of "${plan.ids[index]}"`;
        return failed(new HandoffError('HANDOFF_BAD_MESSAGE', message, { functionId: plan.ids[index]!, node: nodes[index] }), true);
      }
      const fields = { dagId: plan.dagId, runId, functionId, node: nodes[producer], cause };
      const error = thrownData(new HandoffError('HANDOFF_RESULT_LOST', cause.message, fields));
      return { type: 'argument-lost', index, attempt, producer, error };
    }
  }
}

/** Whether a function needs the value of another. What is computed again for one that does not need it would be lost to it for ever. */
function isArgument(plan: Plan, index: number, producer: number): boolean {
  for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1)
    if (plan.producers[at] === producer) return true;
  return false;
}
