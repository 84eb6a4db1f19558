import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TraceReplay } from '../lib/index.js';
import { ExitCode, UsageError, usage } from './exit-codes.js';
import { colorsFor } from './report/colors.js';
import { replayText } from './report/replay-text.js';
import { isSystemError, systemErrorText } from './report/system-error.js';
import { terminalJson } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff replay`, as commander reads them. */
export interface ReplayFlags {
  readonly json?: boolean;
}

/** Prints what a run was at the end of its recording. Throws `UsageError` for a file that is none. */
export async function replayFile(file: string, flags: ReplayFlags, { output }: Session): Promise<ExitCode> {
  const replay = new TraceReplay();
  for await (const line of linesOf(file)) await usage('Cannot replay', async () => replay.add(line));
  const report = await usage('Cannot replay', async () => replay.report());
  if (report.cutOffLine !== undefined) process.stderr.write(`handoff: line ${report.cutOffLine} is cut off, and left out\n`);
  await output.write(flags.json ? `${terminalJson(JSON.stringify(report))}\n` : replayText(report, colorsFor(process.stdout)));
  return ExitCode.done;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UsageError(`Cannot replay: ${systemErrorText(error)}`);
  }
}
