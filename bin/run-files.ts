import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Run } from '../lib/index.js';
import { UsageError } from './exit-codes.js';
import { checkWritable, notWrittenText, writeOutput } from './output-file.js';
import { terminalLine } from './report/terminal-text.js';
import { traceText } from './report/trace-text.js';

/** The options that name files which are written of a run when it is over. */
export interface RunFileFlags {
  readonly report?: string;
  readonly trace?: string;
}

/** A new one is its option and one entry here: what it is called, and how it is made. */
const FILES: {
  readonly [F in keyof Required<RunFileFlags>]: { readonly what: string; make(run: Run<unknown>): Promise<string | Iterable<string>> };
} = {
  report: { what: 'the report', make: (run) => run.report() },
  trace: { what: 'the trace', make: async (run) => traceText(await run.trace()) },
};

const named = (flags: RunFileFlags): (readonly [path: string, file: (typeof FILES)[keyof RunFileFlags]])[] =>
  Object.entries(FILES).flatMap(([flag, file]) => {
    const path = flags[flag as keyof RunFileFlags];
    return path === undefined ? [] : [[path, file]];
  });

/** Throws `UsageError` for a file that cannot be written, or that two options name, before the run starts. */
export function checkRunFiles(flags: RunFileFlags & { readonly record?: string }): void {
  const seen = new Map(flags.record === undefined ? [] : [[resolve(flags.record), 'the recording']]);
  for (const [path, { what }] of named(flags)) {
    const other = seen.get(resolve(path));
    if (other !== undefined && !isDevice(path)) throw new UsageError(`Cannot run: ${what} and ${other} would be the same file, ${path}`);
    seen.set(resolve(path), what);
    checkWritable(path, 'Cannot run', what);
  }
}

/** Whether it is there and no file, such as /dev/null: that takes any number. */
const isDevice = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === false;

/**
 * Writes the files of a run that is over, however it ended, and says where they are, or why one could not be written. Returns whether all
 * were written.
 */
export async function writeRunFiles(run: Run<unknown>, flags: RunFileFlags, say: (line: string) => void): Promise<boolean> {
  let areWritten = true;
  for (const [path, { what, make }] of named(flags)) {
    try {
      await writeOutput(path, await make(run));
      say(`handoff: ${what} is in ${terminalLine(path)}`);
    } catch (error) {
      areWritten = false;
      say(`handoff: ${notWrittenText(what, path, error)}`);
    }
  }
  return areWritten;
}
