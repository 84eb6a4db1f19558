import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkJournalUrl } from '../../journal/index.js';

/**
 * Returns the folder of modules as an absolute path. The default is that of the nearest package.json at or above the working directory.
 * Throws `TypeError` if there is no such folder.
 */
export function checkedRoot(given: unknown): string {
  if (given === undefined) return nearestPackage(process.cwd());
  if (typeof given !== 'string' || given === '') throw new TypeError('root must be the path of a folder');
  const root = resolve(given);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
    throw new TypeError(`root must be the path of a folder: ${root} is not one`);
  return root;
}

/**
 * Returns the URL of a journal as it was given. Throws `TypeError` for anything else than a URL of PostgreSQL, and `RangeError` for a
 * schema of another form. Neither error repeats the URL, which may hold a password.
 */
export function checkedJournal(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string') throw new TypeError('journal must be a URL, as postgres://user@host/db');
  checkJournalUrl(given);
  return given;
}

/** Returns the folder of durable runs as an absolute path. Throws `TypeError` for anything but a path. */
export function checkedDataDir(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given === '') throw new TypeError('dataDir must be the path of a folder');
  return resolve(given);
}

/** Returns the folder of the nearest package.json at or above `from`, or `from` itself if there is none. */
function nearestPackage(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(resolve(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return from;
  }
}
