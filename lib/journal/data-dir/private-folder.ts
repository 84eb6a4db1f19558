import { constants, type Stats } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileFailed, storageFailed } from '../../files/index.js';

const PRIVATE_FOLDER = 0o700;
/** The bits by which the group and others may write. */
const OTHERS_WRITE = 0o022;

/** Windows has neither numeric owners nor these bits: there the folder's access lists say which users may write. */
const hasOwners = process.platform !== 'win32';

function refuseOthers(path: string, found: Stats): void {
  const name = JSON.stringify(path);
  const own = process.geteuid?.();
  // A user who may write to the folder may run functions: recorded runs name modules.
  if (hasOwners && found.uid !== own) {
    throw storageFailed('not-private', `Cannot use ${name}: it belongs to user ${found.uid}, not to user ${own}`, { path });
  }
  if (hasOwners && (found.mode & OTHERS_WRITE) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw storageFailed('not-private', `Cannot use ${name}: others may write to it (its mode is ${mode}); chmod 700 it`, { path });
  }
}

/** Makes a folder with the folders above it. Node's own `recursive` never ends where a file system allows no new folders, as `/proc`. */
async function makeFolder(path: string, mayMakeParent = true): Promise<void> {
  try {
    await mkdir(path, { mode: PRIVATE_FOLDER });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || !mayMakeParent || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path, false);
  }
}

/**
 * Returns the absolute path of a folder that belongs to this user alone. It is made with mode 0700 if it is missing, unless `isReadOnly`.
 * Rejects with `HANDOFF_STORAGE_FAILED`: `not-private`, `not-writable`, `full`.
 */
export async function privateFolder(given: string, isReadOnly: boolean): Promise<string> {
  const path = resolve(given);
  const intent = `Cannot use ${JSON.stringify(path)}`;
  let found: Stats;
  try {
    if (!isReadOnly) await makeFolder(path);
    found = await stat(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && isReadOnly) throw storageFailed('not-writable', `${intent}: there is no such folder`, { path });
    if (code === 'ENOTDIR') throw storageFailed('not-writable', `${intent}: it is no folder`, { path, cause: error });
    throw fileFailed(intent, error);
  }
  if (!found.isDirectory()) throw storageFailed('not-writable', `${intent}: it is no folder`, { path });
  refuseOthers(path, found);
  try {
    await access(path, constants.R_OK | constants.X_OK | (isReadOnly ? 0 : constants.W_OK));
  } catch (error) {
    throw fileFailed(intent, error);
  }
  return path;
}
