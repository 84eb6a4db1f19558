import { HandoffError, type HandoffErrorCode } from '../../../base/index.js';
import { pack, unpack } from '../../../value/index.js';
import type { Progress } from '../../brain/messages.js';
import type { EndState, Recorder } from './recorder.js';

/** Returns a summary as the journal keeps it. */
export const packSummary = (summary: RecordedSummary): Uint8Array => pack(summary, { where: 'summary' });
/** Unpacks what `packSummary` made. */
export const unpackSummary = (packed: Uint8Array): RecordedSummary => unpack(packed, { freeze: false }) as RecordedSummary;

/** Records the end of a run; `isInner`: a function has started it. Resolves to the error that prevented it, if any. */
export function recordEnd(
  recorder: Recorder,
  run: { readonly progress: Progress },
  error: HandoffError | undefined,
  isInner: boolean,
): Promise<HandoffError | undefined> {
  const { total, succeeded } = run.progress;
  const state = isInner && isInterrupted(error) ? 'interrupted' : endState(error);
  return recorder.end(state, packSummary({ total, succeeded, ...(error && { error: summaryOfError(error) }) }));
}

/** Whether a run that a function started was ended as that function, or its run, was interrupted: then it goes on when that does. */
function isInterrupted(error: unknown): boolean {
  let at = error;
  while (HandoffError.is(at, 'HANDOFF_RUN_CANCELLED')) at = at.cause;
  return HandoffError.is(at) && endState(at) === 'interrupted';
}

/** Returns the recorded state of a run that ended with `error`. The end of its node leaves it interrupted. */
export function endState(error: HandoffError | undefined): EndState {
  if (!error) return 'completed';
  switch (error.code) {
    case 'HANDOFF_RUN_CANCELLED':
      return 'cancelled';
    // Of a function on this node, whose driver or node is gone.
    case 'HANDOFF_STOPPED':
    case 'HANDOFF_RUN_ABORTED':
    case 'HANDOFF_STORAGE_FAILED':
    case 'HANDOFF_RUN_TAKEN_OVER':
      return 'interrupted';
    default:
      return 'failed';
  }
}

/** What is known of a run without reading its record. */
export interface RecordedSummary {
  readonly total: number;
  /** The functions that had succeeded when the run ended; 0 while it runs. */
  readonly succeeded: number;
  /** Why it did not succeed. */
  readonly error?: SummaryError;
}

/** An error as it is listed: the whole of it may be large. */
export interface SummaryError {
  readonly code: HandoffErrorCode;
  readonly message: string;
  readonly functionId?: string;
  readonly node?: string;
  readonly reason?: string;
}

/** Returns the part of an error that goes into a summary. */
export function summaryOfError({ code, message, functionId, node, reason }: HandoffError): SummaryError {
  return {
    code,
    message,
    ...(functionId !== undefined && { functionId }),
    ...(node !== undefined && { node }),
    ...(reason !== undefined && { reason }),
  };
}

/** Makes the error again that a summary tells of. */
export const errorOfSummary = (
  { code, message, ...fields }: SummaryError,
  run: { readonly dagId: string; readonly runId: string },
): HandoffError => new HandoffError(code, message, { ...run, ...fields });
