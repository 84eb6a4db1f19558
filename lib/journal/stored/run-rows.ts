// Brain: pure.
import type { OpenRunRequest } from '../journal.js';
import type { Session, StoredRun } from './operations.js';

/** The stored part of a run; the rest is computed when it is read. */
export interface RunRow {
  readonly key: string;
  readonly runId: string;
  readonly dagId: string;
  /** `running` also after its driver's lease has run out. */
  readonly state: StoredRun['state'];
  readonly epoch: number;
  readonly session: string;
  readonly node: string;
  /** How many resumptions in a row, before this epoch and with it, came after an epoch without a new group. */
  readonly resumptions: number;
  /** How many groups came with the opening of this epoch. */
  readonly openingGroups: number;
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  /** 0 for a run that has not ended. */
  readonly endedAtMs: number;
  readonly summary: Uint8Array;
}

/** The facts about a row at the time of reading. */
export interface RowContext {
  /** How long the lease of the row's session holds; `undefined` or less for one that is over. */
  readonly leaseLeftMs: number | undefined;
  /** How many groups the row's epoch has. */
  readonly groupCount: number;
}

/** Returns a row as it is reported: a run whose driver's lease is over is interrupted. */
export function storedRun(row: RunRow, { leaseLeftMs = 0, groupCount }: RowContext): StoredRun {
  const isDriven = row.state === 'running' && leaseLeftMs > 0;
  const { key, runId, dagId, epoch, session, node, startedAtMs, openedAtMs, endedAtMs, summary } = row;
  return {
    key,
    runId,
    dagId,
    state: row.state === 'running' && !isDriven ? 'interrupted' : row.state,
    epoch,
    session,
    node,
    leaseLeftMs: isDriven ? leaseLeftMs : 0,
    groupCount,
    idleResumptions: groupCount > row.openingGroups ? 0 : row.resumptions,
    startedAtMs,
    openedAtMs,
    ...(endedAtMs > 0 ? { endedAtMs } : {}),
    summary,
  };
}

/** Whether a run is driven, as seen from `session`: by another whose lease holds, or by this one as long as it is open in this process. */
export const isDriven = (stored: StoredRun, session: Session, isOpenHere: boolean): boolean =>
  stored.session === session.id && stored.state === 'running' ? isOpenHere : stored.state === 'running';

/** Whether a run of the known epoch is not as the caller of `openRun` has read it. */
export function hasChanged(stored: StoredRun, known: OpenRunRequest['known']): boolean {
  if (!known) return false;
  const isEnded = ({ state }: Pick<StoredRun, 'state'>): boolean => state !== 'running' && state !== 'interrupted';
  return stored.groupCount !== known.groupCount || isEnded(stored) !== isEnded(known);
}

/** The row of a run once `request` has opened it: a new one, or the next epoch of `before`. */
export function openedRow(request: OpenRunRequest, session: Session, before: StoredRun | undefined, nowMs: number): RunRow {
  return {
    key: request.key,
    runId: before?.runId ?? request.runId,
    dagId: request.dagId,
    state: 'running',
    epoch: (before?.epoch ?? 0) + 1,
    session: session.id,
    node: session.node,
    resumptions: before ? before.idleResumptions + 1 : 0,
    openingGroups: request.opening.length,
    startedAtMs: before?.startedAtMs ?? nowMs,
    openedAtMs: nowMs,
    endedAtMs: 0,
    summary: request.summary,
  };
}
