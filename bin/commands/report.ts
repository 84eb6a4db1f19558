import { Command } from 'commander';
import { withDurableOptions } from '../durable-options.js';
import { nonEmpty } from '../option-values.js';
import type { Session } from '../session.js';
import type { ReportFlags } from '../write-report.js';

/** `handoff report`: writes the report of a durable run. */
export function reportCommand(session: Session): Command {
  return withDurableOptions(
    new Command('report')
      .description('Writes the report of a durable run: one HTML file that opens from disk and needs no network.')
      .argument('<key>', 'the key of the run')
      .requiredOption('-o, --output <file>', 'the file that it is written to', nonEmpty),
    { onlyReads: true },
  )
    .addHelpText(
      'after',
      `
It has what is recorded of the run, and works beside the nodes that use the folder or the database. Attempts that failed and lines that
functions have written are not recorded: handoff run --report has them.

Example:
  handoff report nightly --data-dir data -o nightly.html`,
    )
    .action(async (key: string, flags: ReportFlags) => {
      const { writeReport } = await import('../write-report.js');
      session.exitCode = await writeReport(key, flags, session);
    });
}
