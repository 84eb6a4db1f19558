import { HandoffError } from '../base/index.js';
import { storageFailed } from '../files/index.js';

/** A `damaged` record of a run. */
export const runDamaged = (key: string, runId: string, what: string, cause?: unknown): HandoffError =>
  storageFailed('damaged', `Cannot read the run of key ${JSON.stringify(key)}: ${what}`, { runId, path: key, ...(cause ? { cause } : {}) });

/** Returns the error for a driver whose run another driver has taken over. */
export function runTakenOver(key: string, runId: string, epoch: number): HandoffError {
  const what = `since epoch ${epoch} another driver has taken it over, or it was forgotten`;
  return new HandoffError('HANDOFF_RUN_TAKEN_OVER', `Cannot go on with the run of key ${JSON.stringify(key)}: ${what}`, { runId });
}
