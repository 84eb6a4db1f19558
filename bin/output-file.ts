import { closeSync, existsSync, lstatSync, openSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './exit-codes.js';
import { isSystemError, systemErrorText } from './report/system-error.js';
import { terminalLine } from './report/terminal-text.js';

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

/**
 * Writes a file that only its user may read, in place of what is there; pieces one by one. A file that could not be written whole is
 * removed, as half of it would be taken for all. Rejects with the system's error.
 */
export async function writeOutput(path: string, text: string | Iterable<string>): Promise<void> {
  try {
    await writeFile(path, text, { mode: MODE });
  } catch (error) {
    // What could not be opened is as it was. A link is not followed: it may lead to a stream of this process.
    const isBegun = (error as NodeJS.ErrnoException).syscall !== 'open';
    if (isBegun && lstatSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path, { force: true });
    throw error;
  }
}

/** Returns the sentence that `what` could not be written to a file, and why. */
export function notWrittenText(what: string, path: string, error: unknown): string {
  const reason = isSystemError(error) ? systemErrorText(error) : (error as Error).message;
  return `${what} cannot be written to ${terminalLine(path)}: ${terminalLine(reason)}`;
}
