import { HandoffError, isPlainObject, refuseRevoked } from '../../../base/index.js';
import type { RecordedRun, RecordedState } from '../../../journal/index.js';
import { errorOfSummary, type RecordedSummary, unpackSummary } from './record-end.js';

/** A durable run as its journal reports it. */
export interface RunRecord {
  /** The name of the run; its id, if it was given none. */
  readonly key: string;
  readonly runId: string;
  readonly dagId: string;
  /** `interrupted`: no node drives it, and it has not ended. Any run except a running one goes on when it is executed with its key. */
  readonly state: RecordedState;
  /** The node that drives it, or that drove it last. */
  readonly driver: string;
  /** How many functions it has. */
  readonly total: number;
  /** How many of them had succeeded when it ended, or are recorded of an interrupted run; 0 while it runs. */
  readonly succeeded: number;
  /** Why it did not succeed: its code and message, without its cause. */
  readonly error?: HandoffError;
  /** How often it was resumed. */
  readonly resumptions: number;
  /** When it was first started, and last: milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  /** When it ended. */
  readonly endedAtMs?: number;
  /** Whether its record is damaged: then it cannot go on, and the other fields may be wrong. */
  readonly isDamaged?: boolean;
  /** Set for an interrupted run that does not go on by itself here, also with `resume: true`. */
  readonly waitsFor?: ResumeNeed;
}

/**
 * What an interrupted run waits for. `code`: a node on which the code of every function is what it was; here it differs. `caller`: a call
 * of `execute` with its DAG, as plain functions ended with their process.
 */
export type ResumeNeed = 'code' | 'caller';

/** The wanted runs: all that match every given field. */
export interface RunRecordQuery {
  readonly state?: RecordedState;
  readonly dagId?: string;
}

const STATES: readonly RecordedState[] = ['running', 'interrupted', 'completed', 'failed', 'cancelled'];

/** Throws `TypeError` for a wrong query. */
export function checkedQuery(given: unknown): RunRecordQuery {
  if (given === undefined) return {};
  refuseRevoked(given, 'the query');
  // Of an instance of a class, the query might lie in its prototype: every run would be meant.
  if (typeof given !== 'object' || given === null || !isPlainObject(given))
    throw new TypeError('the query must be an object of state and dagId');
  const { state, dagId, ...more } = given as RunRecordQuery;
  for (const name of Object.keys(more)) throw new TypeError(`unknown field "${name}" of the query`);
  if (state !== undefined && !STATES.includes(state))
    throw new TypeError(`state must be one of ${STATES.join(', ')}, not ${String(state)}`);
  if (dagId !== undefined && typeof dagId !== 'string') throw new TypeError('dagId must be a string');
  return { ...(state && { state }), ...(dagId !== undefined && { dagId }) };
}

/** Returns what users see of a run in a journal. */
export function runRecordOf(run: RecordedRun): RunRecord {
  const { key, runId, dagId, state, node: driver, startedAtMs, openedAtMs, endedAtMs, isDamaged, epoch } = run;
  const { total, succeeded, error } = summaryOf(run);
  return {
    key,
    runId,
    dagId,
    state,
    driver,
    total,
    succeeded,
    ...(error && { error: errorOfSummary(error, { dagId, runId }) }),
    resumptions: epoch - 1,
    startedAtMs,
    openedAtMs,
    ...(endedAtMs !== undefined && { endedAtMs }),
    ...(isDamaged && { isDamaged }),
  };
}

function summaryOf({ summary }: RecordedRun): RecordedSummary {
  try {
    return unpackSummary(summary);
  } catch {
    return { total: 0, succeeded: 0 };
  }
}

/** Returns the error for an unknown key. */
export const noSuchRun = (key: string): HandoffError =>
  new HandoffError('HANDOFF_NOT_FOUND', `There is no run of key ${JSON.stringify(key)}`);
