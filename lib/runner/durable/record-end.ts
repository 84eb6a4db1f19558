import type { HandoffError } from '../../base/index.js';
import { pack, unpack } from '../../value/index.js';
import type { DagRun } from '../run/dag-run.js';
import type { EndState, Recorder } from './recorder.js';

/** What is told of a run without reading its record. */
export interface RunSummary {
  readonly total: number;
  /** The functions that had succeeded when the run ended; 0 while it runs. */
  readonly succeeded: number;
  /** Why it did not succeed. */
  readonly error?: string;
}

/** A summary as the journal keeps it. */
export const packSummary = (summary: RunSummary): Uint8Array => pack(summary, { where: 'summary' });
/** What `packSummary` packed. */
export const unpackSummary = (packed: Uint8Array): RunSummary => unpack(packed, { freeze: false }) as RunSummary;

/** Writes the end of a run; resolves to what prevented it, if anything did. */
export function recordEnd(recorder: Recorder, run: DagRun, error: HandoffError | undefined): Promise<HandoffError | undefined> {
  const { total, succeeded } = run.progress;
  return recorder.end(endState(error), packSummary({ total, succeeded, ...(error && { error: error.message }) }));
}

/** What a run is that ended with `error`: its node's end leaves it interrupted. */
function endState(error: HandoffError | undefined): EndState {
  if (!error) return 'completed';
  switch (error.code) {
    case 'HANDOFF_RUN_CANCELLED':
      return 'cancelled';
    case 'HANDOFF_RUN_ABORTED':
    case 'HANDOFF_STORAGE_FAILED':
    case 'HANDOFF_RUN_TAKEN_OVER':
      return 'interrupted';
    default:
      return 'failed';
  }
}
