import { JournalReader } from '../lib/index.js';
import { type DurableFlags, neededPlace } from './durable-options.js';
import { ExitCode, usage } from './exit-codes.js';
import { checkWritable, notWrittenText, writeOutput } from './output-file.js';
import { terminalLine } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff report`, as commander reads them. */
export interface ReportFlags extends DurableFlags {
  readonly output: string;
}

/** Writes the report of a durable run from its record. */
export async function writeReport(key: string, flags: ReportFlags, { standardError }: Session): Promise<ExitCode> {
  const cannot = 'Cannot make the report';
  const place = neededPlace(flags, cannot);
  checkWritable(flags.output, cannot, 'it');
  await using reader = await usage(cannot, () => JournalReader.open(place));
  const report = await reader.report(key);
  try {
    await writeOutput(flags.output, report);
  } catch (error) {
    standardError.stream.write(`handoff: ${notWrittenText('the report', flags.output, error)}\n`);
    return ExitCode.failed;
  }
  standardError.stream.write(`handoff: the report is in ${terminalLine(flags.output)}\n`);
  return ExitCode.done;
}
