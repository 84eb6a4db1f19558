import { HandoffError, textOf } from '../../base/index.js';
import { printed } from '../tree/cell.js';
import type { Child } from './child.js';
import type { SupervisorCall } from './supervisor-calls.js';

/**
 * Returns the error with which a supervisor refuses a call: `HANDOFF_CHILD` with that `reason`. `value` is the reference of a running
 * child.
 */
export function refusal({ type }: SupervisorCall, childId: unknown, reason: string, child?: Child): HandoffError {
  return new HandoffError('HANDOFF_CHILD', `Cannot ${type} ${printed(childId)}: ${reason}`, {
    childId: typeof childId === 'string' ? childId : undefined,
    reason,
    value: child?.incarnation?.ref,
  });
}

/** Returns the error of a requested start that failed. */
export function startFailed(childId: string, cause: unknown): HandoffError {
  return new HandoffError('HANDOFF_CHILD', `Cannot start child "${childId}": ${textOf(cause)}`, { childId, reason: 'start-failed', cause });
}
