import { parentPort, workerData } from 'node:worker_threads';
import { textOf } from '../../base/index.js';
import { isStorageFailed, type StorageFault } from '../../files/storage-failed.js';
import { type SqlQuery, sqliteDialect } from '../sql/dialect.js';
import { migrate, refuseOther } from '../sql/schema.js';
import { SqlOperations } from '../sql/sql-operations.js';
import { READ_OPERATIONS, type StoreOperations } from '../stored/operations.js';
import { FileWatch } from './file-watch.js';
import { mendIndexes } from './mend-indexes.js';
import { openSqlite, type SqliteConnection } from './sqlite-connection.js';
import type { SqliteWriterData, WriterAnswer, WriterCall, WriterError } from './writer-messages.js';

/** The size to which the log of changes shrinks once it is written into the database: it grows for a large run. */
const LOG_BYTES = 16 << 20;

const port = parentPort!;
const { path, isReadOnly, hasLiveSessions } = workerData as SqliteWriterData;
const dialect = sqliteDialect(hasLiveSessions);
const answer = (message: WriterAnswer): void => port.postMessage(message);

function errorData(error: unknown): WriterError {
  const message = textOf(error);
  return isStorageFailed(error) ? { reason: error.reason as StorageFault, message: error.message } : { message };
}

/** The file of a journal that is written. One that is only read may go. */
let watch: FileWatch | undefined;

const connection = open();

async function open(): Promise<SqliteConnection> {
  const opened = await openSqlite(path);
  try {
    if (!isReadOnly) watch = new FileWatch(path);
    opened.query('PRAGMA busy_timeout = 5000');
    opened.query('PRAGMA cell_size_check = ON');
    return isReadOnly ? await prepareReading(opened) : await prepareWriting(opened);
  } catch (error) {
    opened.close();
    throw error;
  }
}

const queryOf =
  (opened: SqliteConnection): SqlQuery =>
  async (text, values) =>
    opened.query(text, values);

const hasTables = (opened: SqliteConnection): boolean => opened.query(`SELECT name FROM sqlite_master WHERE name = 'journal'`).length > 0;

/** A folder whose node keeps its records elsewhere has an empty file: then an empty database in memory is read. */
async function prepareReading(opened: SqliteConnection): Promise<SqliteConnection> {
  const isEmpty = !hasTables(opened);
  const readable = isEmpty ? await openSqlite(':memory:') : opened;
  if (isEmpty) opened.close();
  const query = queryOf(readable);
  if (isEmpty) await migrate(query, dialect, false);
  await refuseOther(query, dialect);
  readable.query('PRAGMA query_only = ON');
  return readable;
}

async function prepareWriting(opened: SqliteConnection): Promise<SqliteConnection> {
  opened.query('PRAGMA journal_mode = WAL');
  opened.query('PRAGMA synchronous = FULL');
  opened.query(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
  await inTransaction(opened, 'BEGIN IMMEDIATE', async (query) => {
    const isKnown = hasTables(opened);
    await migrate(query, dialect, isKnown);
    if (isKnown) mendIndexes(opened);
    // No other node has the folder: the node that drove runs here before is gone.
    await query('DELETE FROM sessions');
  });
  return opened;
}

async function inTransaction<T>(opened: SqliteConnection, begin: string, work: (query: SqlQuery) => Promise<T>): Promise<T> {
  opened.query(begin);
  try {
    const value = await work(queryOf(opened));
    opened.query('COMMIT');
    return value;
  } catch (error) {
    try {
      opened.query('ROLLBACK');
    } catch {
      // A full disk rolls back by itself.
    }
    throw error;
  }
}

let isSynced = true;

async function perform({ name, from }: WriterCall): Promise<unknown> {
  const opened = await connection;
  const needsSync = name !== 'appendGroup' || (from as StoreOperations['appendGroup']['from']).isSynced;
  if (needsSync !== isSynced) {
    opened.query(`PRAGMA synchronous = ${needsSync ? 'FULL' : 'NORMAL'}`);
    isSynced = needsSync;
  }
  const begin = READ_OPERATIONS.has(name) ? 'BEGIN' : 'BEGIN IMMEDIATE';
  watch?.check();
  const value = await inTransaction(opened, begin, (query) => new SqlOperations(query, dialect).perform(name, from));
  // What was written meanwhile into a file that is gone counts as not written, and is written again if the file comes back.
  watch?.check();
  return value;
}

/** One call after the other. */
let last: Promise<unknown> = connection;

connection.then(
  () => answer({ id: 0, type: 'done', value: undefined }),
  (error) => answer({ id: 0, type: 'failed', error: errorData(error) }),
);

port.on('message', (call: WriterCall | 'close') => {
  const before = last.catch(() => {});
  if (call === 'close') {
    void before.then(async () => {
      (await connection.catch(() => undefined))?.close();
      port.close();
    });
    return;
  }
  last = before.then(() => perform(call));
  last.then(
    (value) => answer({ id: call.id, type: 'done', value }),
    (error) => answer({ id: call.id, type: 'failed', error: errorData(error) }),
  );
});
