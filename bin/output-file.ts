import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './exit-codes.js';
import { systemErrorText } from './report/system-error.js';

/** Only its user may read what a command writes about runs: it has errors and output in it. */
const MODE = 0o600;

/** Throws `UsageError` for a file that cannot be written. What is there stays; what was not there is not made. */
export function checkWritable(path: string, cannot: string, what: string): void {
  const isThere = existsSync(path);
  try {
    closeSync(openSync(path, 'a', MODE));
  } catch (error) {
    const isFolderMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isFolderMissing ? `there is no folder ${dirname(path)} (ENOENT)` : systemErrorText(error as Error);
    throw new UsageError(`${cannot}: ${what} cannot be written to ${path}: ${reason}`);
  }
  if (!isThere) rmSync(path, { force: true });
}

/** Writes a file that only its user may read, in place of what is there; pieces one by one. Rejects with the system's error. */
export const writeOutput = (path: string, text: string | Iterable<string>): Promise<void> => writeFile(path, text, { mode: MODE });
