import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/index.js';
import { fileFailed, storageFailed } from '../../files/index.js';
import { type FolderLock, isFolderLocked, lockFolder } from './folder-lock.js';
import { privateFolder } from './private-folder.js';

const PRIVATE_FILE = 0o600;
const ID_FILE = 'id';
const ID_FORM = /^[0-9a-f-]{36}\n?$/;

/** A folder that one node uses at a time, and that outlives it: its journal, large values, spilled values, and what it remembers. */
export class DataDir {
  /** The absolute path of the folder. */
  readonly path: string;
  /** The id of the folder, wherever it is mounted, and whichever node uses it. */
  readonly id: string;
  /** Whether it was opened for reading only, while another node may use it. */
  readonly isReadOnly: boolean;
  /** Whether a node drives runs of it: this one, or the one that it is read beside. */
  readonly isDriven: boolean;
  readonly #lock: FolderLock | undefined;

  private constructor(path: string, id: string, lock: FolderLock | undefined, isDriven: boolean) {
    this.path = path;
    this.id = id;
    this.isReadOnly = lock === undefined;
    this.isDriven = isDriven;
    this.#lock = lock;
  }

  /**
   * Opens a folder and locks it; it is made if it is missing. With `isReadOnly` it must exist, is not locked, and nothing is written.
   * Rejects with `HANDOFF_STORAGE_FAILED`: `in-use`, `not-private`, `not-writable`, `full`, `damaged`.
   */
  static async open(given: string, { isReadOnly = false }: { readonly isReadOnly?: boolean } = {}): Promise<DataDir> {
    const path = await privateFolder(given, isReadOnly);
    if (isReadOnly) return new DataDir(path, await readId(path), undefined, await isFolderLocked(path));
    for (const name of ['lock.db', 'journal.db']) await makePrivate(join(path, name));
    const lock = await lockFolder(path);
    try {
      return new DataDir(path, await makeId(path), lock, true);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The path of the journal's SQLite file. */
  get journalPath(): string {
    return join(this.path, 'journal.db');
  }

  /** Releases the folder. Safe to call again. */
  close(): void {
    this.#lock?.release();
  }
}

/**
 * SQLite makes the files beside a database with the mode of the database. A file that is there is not opened: closing it would release the
 * locks that this process has on it, with which another node of this process holds the folder.
 */
async function makePrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', PRIVATE_FILE)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
  }
}

async function readId(folder: string): Promise<string> {
  const path = join(folder, ID_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileFailed(`Cannot read ${JSON.stringify(path)}`, error);
  }
  if (!ID_FORM.test(text))
    throw storageFailed('damaged', `Cannot use ${JSON.stringify(folder)}: its file "id" holds no id`, { path: folder });
  return text.trim();
}

async function makeId(folder: string): Promise<string> {
  const path = join(folder, ID_FILE);
  try {
    return await readId(folder);
  } catch (error) {
    if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'ENOENT') throw error;
  }
  const beside = `${path}.new`;
  try {
    const file = await open(beside, 'w', PRIVATE_FILE);
    try {
      await file.writeFile(`${newId()}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
  }
  return readId(folder);
}
