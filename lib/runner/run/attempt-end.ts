import { HandoffError } from '../../base/index.js';
import type { RunPlan } from '../../dag/index.js';
import type { NodePhases, RemoteOutcome } from '../../executor/index.js';
import { thrownData } from '../../value/index.js';
import type { RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';

/** The outcome of an attempt without a value. */
export type Unsuccessful = Exclude<RemoteOutcome, { type: 'succeeded' | 'kept' }>;

/** The attempt that has ended. */
export interface EndedAttempt {
  readonly state: RunState;
  readonly plan: RunPlan;
  readonly values: DriverCopies;
  readonly index: number;
  readonly attempt: number;
  /** Which slot it had on its node. */
  readonly slot: number;
  /** In [0, 1), for the jitter of a rest. */
  readonly random: number;
}

/** Returns the brain's event for an attempt without a value. */
export function happeningOf({ state, plan, values, index, attempt, slot, random }: EndedAttempt, outcome: Unsuccessful): RunHappening {
  const failed = (error: unknown, final: boolean, phases?: NodePhases): RunHappening => ({
    type: 'attempt-failed',
    index,
    attempt,
    error: thrownData(error),
    final,
    random,
    slot,
    ...(phases && { phases }),
  });
  switch (outcome.type) {
    case 'stopped':
      return { type: 'attempt-stopped', index, attempt, slot, ...(outcome.blocked && { keepsClaim: true }) };
    case 'declined':
      return { type: 'attempt-declined', index, attempt };
    case 'lost':
      return { type: 'attempt-lost', index, attempt, slot };
    case 'failed': {
      const lost = HandoffError.is(outcome.error, 'HANDOFF_RESULT_LOST') ? values.takeLostFor(index) : undefined;
      if (lost !== undefined) return { type: 'argument-lost', index, attempt, producer: lost, error: thrownData(outcome.error) };
      const happening = failed(outcome.error, outcome.final, outcome.phases);
      return outcome.blocked ? ({ ...happening, keepsClaim: true } as RunHappening) : happening;
    }
    case 'argument-lost': {
      const { runId, nodes } = state;
      const { functionId, error: cause } = outcome;
      const producer = plan.indexOf.get(functionId);
      // Inputs belong to the driver: no node can make them again.
      if (producer === undefined) return failed(cause, true);
      if (!isArgument(plan, index, producer, values)) {
        const message = `Node "${nodes[index]}" says that "${functionId}" is lost, which is no argument of "${plan.ids[index]}"`;
        return failed(new HandoffError('HANDOFF_BAD_MESSAGE', message, { functionId: plan.ids[index]!, node: nodes[index] }), true);
      }
      const fields = { dagId: plan.dagId, runId, functionId, node: nodes[producer], cause };
      const error = thrownData(new HandoffError('HANDOFF_RESULT_LOST', cause.message, fields));
      if (!values.has(producer)) return { type: 'argument-lost', index, attempt, producer, error };
      // The node that made it, perhaps gone already, is not asked for it again, and the function does not run again.
      values.moved(producer);
      return { type: 'argument-lost', index, attempt, producer, error, isHere: true };
    }
  }
}

/**
 * Whether a function needs the value of another, alone or as a part of a composite. If it did not, a value computed again for it would
 * count as lost for ever.
 */
function isArgument(plan: RunPlan, index: number, producer: number, values: DriverCopies): boolean {
  const around = [producer, ...values.around(producer)];
  for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1)
    if (around.includes(plan.producers[at]!)) return true;
  return false;
}

/** The values that the driver has, made there or elsewhere. */
export interface DriverCopies {
  /** Whether the driver has the value. */
  has(index: number): boolean;
  /** The maps and expansions whose values this one is a part of. */
  around(index: number): Iterable<number>;
  /** From now on the driver gives the value. */
  moved(index: number): void;
  /** Returns, once, the function whose value the driver could not read when it was to be serialized for this one. */
  takeLostFor(index: number): number | undefined;
}
