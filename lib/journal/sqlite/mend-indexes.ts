import { groupChecksum, isSameBytes } from '../groups/checksum.js';
import { bytesIn, type Dialect, numberIn, textIn } from '../sql/dialect.js';
import { SqlOperations } from '../sql/sql-operations.js';
import { isStorageFailed } from '../storage-failed.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** Larger files are opened unchecked: a check reads the whole file, about a gigabyte a second. */
const LARGEST_CHECKED_BYTES = 1 << 30;

/** How many groups are read at once. */
const GROUPS_AT_ONCE = 100;

/**
 * Looks once at a whole file, since SQLite follows a changed index without a word, and finds less than there is. Indexes that do not fit
 * their tables are made anew, if every row is what was written. Otherwise the rows are the ones that changed: their checksums tell so, run
 * by run, and the indexes still find them.
 */
export async function mendIndexes(opened: SqliteConnection, dialect: Dialect): Promise<void> {
  if (areIndexesWhole(opened) || !(await areRowsWhole(opened, dialect))) return;
  opened.query('REINDEX');
}

/** Whether every index fits its table. True for a file that is too large for a check. */
function areIndexesWhole(opened: SqliteConnection): boolean {
  const numberOf = (pragma: string): number => Number(Object.values(opened.query(`PRAGMA ${pragma}`)[0] ?? {})[0]);
  if (numberOf('page_count') * numberOf('page_size') > LARGEST_CHECKED_BYTES) return true;
  return opened.query('PRAGMA integrity_check(1)')[0]?.integrity_check === 'ok';
}

/** Reads all runs and groups without an index. */
async function areRowsWhole(opened: SqliteConnection, dialect: Dialect): Promise<boolean> {
  try {
    const operations = new SqlOperations(async (text, values) => opened.query(text, values), dialect);
    if ((await operations.findRuns({})).some((run) => run.isDamaged)) return false;
    const page = `SELECT rowid AS place, * FROM groups NOT INDEXED WHERE rowid > $1 ORDER BY rowid LIMIT ${GROUPS_AT_ONCE}`;
    for (let place = 0; ; ) {
      const rows = opened.query(page, [place]);
      for (const row of rows) {
        const made = groupChecksum(textIn(row, 'run_id'), numberIn(row, 'epoch'), numberIn(row, 'sequence'), bytesIn(row, 'bytes'));
        if (!isSameBytes(made, bytesIn(row, 'checksum'))) return false;
      }
      if (rows.length === 0) return true;
      place = numberIn(rows.at(-1)!, 'place');
    }
  } catch (error) {
    if (isStorageFailed(error)) return false;
    throw error;
  }
}
