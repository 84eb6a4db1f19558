import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageFailed, storageFailed } from '../../files/index.js';
import { openSqlite } from '../sqlite/sqlite-connection.js';

/** A lock that the system releases when the process dies. */
export interface FolderLock {
  release(): void;
}

const LOCK_FILE = 'lock.db';
const lockedFolders = Symbol.for('handoff-dag.locked-folders');

/**
 * The folders that this process has locked, by device and inode, whichever copy of the package did it: locks of the system are of a
 * process, and SQLite tells its own connections apart only within one copy of its library.
 */
const shared = globalThis as { [lockedFolders]?: Set<string> };
shared[lockedFolders] ??= new Set();
const lockedHere = shared[lockedFolders];

/** Locks a folder for this node. Rejects with `in-use` if another node has it, of this process or another. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const inUse = (): Error => storageFailed('in-use', `Cannot use ${JSON.stringify(folder)}: another node uses it`, { path: folder });
  const { dev, ino } = await stat(folder);
  const name = `${dev}:${ino}`;
  if (lockedHere.has(name)) throw inUse();
  lockedHere.add(name);
  try {
    const connection = await openSqlite(join(folder, LOCK_FILE));
    try {
      connection.query('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      throw isStorageFailed(error, 'in-use') ? inUse() : error;
    }
    let isHeld = true;
    return {
      release() {
        if (!isHeld) return;
        isHeld = false;
        // A statement that is still in memory keeps a connection of libsql open. The end of the transaction releases the lock.
        connection.query('ROLLBACK');
        connection.close();
        lockedHere.delete(name);
      },
    };
  } catch (error) {
    lockedHere.delete(name);
    throw error;
  }
}

/** Whether a node has the folder now. It takes the lock for a moment to find out, except from a node of this process. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const { dev, ino } = await stat(folder);
  if (lockedHere.has(`${dev}:${ino}`)) return true;
  const connection = await openSqlite(join(folder, LOCK_FILE));
  try {
    // Shared, so that readers do not take each other for a node.
    connection.query('SELECT name FROM sqlite_master');
    return false;
  } catch (error) {
    if (isStorageFailed(error, 'in-use')) return true;
    throw error;
  } finally {
    connection.close();
  }
}
