import { HandoffError } from '../../base/index.js';
import type { BlockedCall, CallOutcome, NodePhases } from './attempt.js';
import { blockedText } from './blocked-text.js';

/** Returns the outcome of a time-out. It says so if the function's code goes on. */
export function timedOutOutcome(error: HandoffError, blocked: BlockedCall | undefined, phases: NodePhases): CallOutcome {
  if (!blocked) return { type: 'failed', error, final: false, phases };
  const { message, code, dagId, runId, functionId, node } = error;
  const still = `${message}; ${blockedText(blocked.what)}`;
  return { type: 'failed', error: new HandoffError(code, still, { dagId, runId, functionId, node }), final: false, blocked, phases };
}
