import { isStorageFailed } from '../../files/storage-failed.js';
import { groupChecksum, isSameBytes } from '../groups/checksum.js';
import { bytesIn, numberIn, type SqlRow, textIn } from '../sql/dialect.js';
import { readRow } from '../sql/run-row-columns.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** Larger files are opened unchecked: a check reads the whole file, about a gigabyte a second. */
const LARGEST_CHECKED_BYTES = 1 << 30;

/** How many rows are read at once. */
const ROWS_AT_ONCE = 100;

/**
 * Looks once at a whole file, since SQLite follows a changed index without a word, and finds less than there is. Indexes that do not fit
 * their tables are made anew, if every row is what was written. Otherwise the rows are the ones that changed: their checksums tell so, run
 * by run, and the indexes still find them. Throws `damaged` where an index cannot be made anew: what it does not find would be lost unseen.
 */
export function mendIndexes(opened: SqliteConnection): void {
  if (!areIndexesWhole(opened) && areRowsWhole(opened)) opened.query('REINDEX');
}

/** Whether every index fits its table. True for a file that is too large for a check. */
function areIndexesWhole(opened: SqliteConnection): boolean {
  const numberOf = (pragma: string): number => Number(Object.values(opened.query(`PRAGMA ${pragma}`)[0] ?? {})[0]);
  if (numberOf('page_count') * numberOf('page_size') > LARGEST_CHECKED_BYTES) return true;
  return opened.query('PRAGMA integrity_check(1)')[0]?.integrity_check === 'ok';
}

/** Whether every run and group is what was written, without a look at any index. */
function areRowsWhole(opened: SqliteConnection): boolean {
  try {
    for (const row of rowsOf(opened, 'runs')) if (readRow(row).isDamaged) return false;
    for (const row of rowsOf(opened, 'groups')) if (!isGroupWhole(row)) return false;
    return true;
  } catch (error) {
    if (isStorageFailed(error)) return false;
    throw error;
  }
}

function* rowsOf(opened: SqliteConnection, table: 'runs' | 'groups'): Generator<SqlRow> {
  const page = `SELECT rowid AS place, * FROM ${table} NOT INDEXED WHERE rowid > $1 ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`;
  for (let place = 0; ; ) {
    const rows = opened.query(page, [place]);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    place = numberIn(last, 'place');
  }
}

function isGroupWhole(row: SqlRow): boolean {
  const made = groupChecksum(textIn(row, 'run_id'), numberIn(row, 'epoch'), numberIn(row, 'sequence'), bytesIn(row, 'bytes'));
  return isSameBytes(made, bytesIn(row, 'checksum'));
}
