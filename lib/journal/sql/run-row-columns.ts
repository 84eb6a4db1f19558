import { isSameBytes, rowChecksum } from '../groups/checksum.js';
import type { RecordedState } from '../journal.js';
import type { StoredRun } from '../stored/operations.js';
import { type RunRow, storedRun } from '../stored/run-rows.js';
import { bytesIn, numberIn, type SqlRow, type SqlValue, textBytes, textIn } from './dialect.js';

/** The columns of `runs` that a `RunRow` fills, in the order of `rowValues`. */
export const RUN_COLUMNS = [
  'run_id',
  'key',
  'dag_id',
  'state',
  'epoch',
  'session',
  'node',
  'resumptions',
  'opening_groups',
  'started_at_ms',
  'opened_at_ms',
  'ended_at_ms',
  'checksum',
  'summary',
] as const;

const SUMMARY_CHECKSUM_BYTES = 8;

/** A summary and its checksum: it changes more often than the rest of its row. */
export function sealedSummary(runId: string, summary: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(SUMMARY_CHECKSUM_BYTES + summary.length);
  sealed.set(rowChecksum([runId, summary]));
  sealed.set(summary, SUMMARY_CHECKSUM_BYTES);
  return sealed;
}

const checksumOf = (row: RunRow): Uint8Array => {
  const { runId, key, dagId, state, epoch, session, node, resumptions, openingGroups, startedAtMs, openedAtMs, endedAtMs } = row;
  return rowChecksum([runId, key, dagId, state, epoch, session, node, resumptions, openingGroups, startedAtMs, openedAtMs, endedAtMs]);
};

/** The values of `RUN_COLUMNS`. */
export const rowValues = (row: RunRow): SqlValue[] => [
  textBytes(row.runId),
  textBytes(row.key),
  textBytes(row.dagId),
  row.state,
  row.epoch,
  row.session,
  textBytes(row.node),
  row.resumptions,
  row.openingGroups,
  row.startedAtMs,
  row.openedAtMs,
  row.endedAtMs,
  checksumOf(row),
  sealedSummary(row.runId, row.summary),
];

/** A row as it was written, and whether it still is that. */
export function readRow(columns: SqlRow): { readonly row: RunRow; readonly isDamaged: boolean } {
  const sealed = bytesIn(columns, 'summary');
  const row: RunRow = {
    key: textIn(columns, 'key'),
    runId: textIn(columns, 'run_id'),
    dagId: textIn(columns, 'dag_id'),
    state: `${columns.state}` as RecordedState,
    epoch: numberIn(columns, 'epoch'),
    session: `${columns.session}`,
    node: textIn(columns, 'node'),
    resumptions: numberIn(columns, 'resumptions'),
    openingGroups: numberIn(columns, 'opening_groups'),
    startedAtMs: numberIn(columns, 'started_at_ms'),
    openedAtMs: numberIn(columns, 'opened_at_ms'),
    endedAtMs: numberIn(columns, 'ended_at_ms'),
    summary: sealed.slice(SUMMARY_CHECKSUM_BYTES),
  };
  const isWhole = isSameBytes(bytesIn(columns, 'checksum'), checksumOf(row)) && isSameBytes(sealed, sealedSummary(row.runId, row.summary));
  return { row, isDamaged: !isWhole };
}

/** A run with the columns `live`, `ends_at_ms`, `now_ms` and `last_group` beside its own. `canLive`: see `Dialect`. */
export function readRun(columns: SqlRow, canLive: boolean): StoredRun {
  const { row, isDamaged } = readRow(columns);
  const isThere = canLive && columns.live !== null;
  const endsAtMs = columns.ends_at_ms === null ? Number.POSITIVE_INFINITY : numberIn(columns, 'ends_at_ms');
  const stored = storedRun(row, {
    leaseLeftMs: isThere ? endsAtMs - numberIn(columns, 'now_ms') : 0,
    groupCount: columns.last_group === null ? 0 : numberIn(columns, 'last_group') + 1,
  });
  return isDamaged ? { ...stored, isDamaged } : stored;
}
