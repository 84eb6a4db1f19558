import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileFailed, isStorageFailed } from '../../files/index.js';
import { FileWatch } from '../sqlite/file-watch.js';
import { openSqlite, type SqliteConnection } from '../sqlite/sqlite-connection.js';
import { ShelfFolder } from './shelf-folder.js';
import { ShelfKeeper } from './shelf-keeper.js';
import type { ShelfNotice, ShelfThreadData } from './shelf-messages.js';
import { SHELF_VERSION, ShelfTables, shelfVersion } from './shelf-tables.js';

/** The database of what is remembered. */
export const shelfPath = (dataDirPath: string): string => join(dataDirPath, 'remembered.db');

/** The log shrinks to so much once it is written into the database. */
const LOG_BYTES = 4 << 20;

const PRIVATE_FILE = 0o600;

/** A database with its keeper. */
export interface OpenedShelf {
  readonly database: SqliteConnection;
  readonly keeper: ShelfKeeper;
  /** Says whether the database is still in its place. */
  readonly watch: FileWatch;
}

/**
 * Opens the database, which is made where it is missing, and takes stock. One that is damaged is set aside; what is of another version is
 * forgotten. Rejects with `HANDOFF_STORAGE_FAILED`: `full`, `not-writable`.
 */
export async function openShelf(data: ShelfThreadData, notice: (notice: ShelfNotice) => void): Promise<OpenedShelf> {
  try {
    return await openHere(data, notice);
  } catch (error) {
    if (!isStorageFailed(error, 'damaged')) throw error;
    setShelfAside(data.path, notice);
    return openHere(data, notice);
  }
}

/** The database is damaged: it is renamed, in place of one that was damaged earlier. Throws `HANDOFF_STORAGE_FAILED`. */
export function setShelfAside(dataDirPath: string, notice: (notice: ShelfNotice) => void): void {
  const path = shelfPath(dataDirPath);
  const aside = `${path}.damaged`;
  try {
    renameSync(path, aside);
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
  } catch (error) {
    throw fileFailed(`Cannot set ${JSON.stringify(path)} aside`, error);
  }
  notice({ message: 'what was remembered is damaged: it is set aside, and nothing is remembered any more', fields: { path, aside } });
}

async function openHere({ path, dataDir, limitBytes }: ShelfThreadData, notice: (notice: ShelfNotice) => void): Promise<OpenedShelf> {
  makePrivate(shelfPath(path));
  const database = await openSqlite(shelfPath(path));
  try {
    const watch = new FileWatch(shelfPath(path));
    database.query('PRAGMA busy_timeout = 5000');
    database.query('PRAGMA cell_size_check = ON');
    database.query('PRAGMA journal_mode = WAL');
    // What a loss of power takes is not remembered any more, but what stays is whole.
    database.query('PRAGMA synchronous = NORMAL');
    database.query(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    const version = shelfVersion(database);
    if (version !== SHELF_VERSION) makeTables(database);
    const folder = new ShelfFolder(path);
    const keeper = new ShelfKeeper(database, { folder, dataDir, limitBytes, notice });
    // Files of another version are of no use, but a lost database says nothing of them.
    if (version !== 0 && version !== SHELF_VERSION) folder.clear();
    keeper.takeStock(folder.takeStock(), version === 0);
    return { database, keeper, watch };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite makes the files beside a database with the mode of the database. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', PRIVATE_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
  }
}

function makeTables(database: SqliteConnection): void {
  database.query('BEGIN IMMEDIATE');
  try {
    ShelfTables.make(database);
    database.query('COMMIT');
  } catch (error) {
    try {
      database.query('ROLLBACK');
    } catch {
      // A full disk rolls back by itself.
    }
    throw error;
  }
}
