import type { DagFault } from '../../lib/base/index.js';
import { HandoffError } from '../../lib/base/index.js';
import type { DagLike } from '../../lib/dag/index.js';

/** The `HandoffError` that `act` throws; anything else fails the spec. */
export function thrownBy(act: () => unknown): HandoffError {
  try {
    act();
  } catch (error) {
    if (HandoffError.is(error)) return error;
    throw error;
  }
  throw new Error('Expected a HandoffError: nothing was thrown');
}

/** What `validate` finds: nothing where it does not throw. */
export function faultsOf(dag: DagLike & { validate(): unknown }): readonly DagFault[] {
  try {
    dag.validate();
    return [];
  } catch (error) {
    if (HandoffError.is(error, 'HANDOFF_INVALID_DAG')) return error.faults!;
    throw error;
  }
}
