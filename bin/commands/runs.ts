import { Command, Option } from 'commander';
import { withDurableOptions } from '../durable-options.js';
import { nonEmpty } from '../option-values.js';
import type { Session } from '../session.js';
import type { RunsFlags } from '../show-runs.js';

/** `handoff runs`: lists durable runs. */
export function runsCommand(session: Session): Command {
  return withDurableOptions(
    new Command('runs').description('Lists the durable runs that are recorded in a folder or a database, newest first.'),
  )
    .addOption(
      new Option('--state <s>', 'only those in this state').choices(['running', 'interrupted', 'completed', 'failed', 'cancelled']),
    )
    .option(
      '--root <dir>',
      'the folder that the modules of functions lie in, for marking runs whose code differs; default: that of the nearest package.json',
      nonEmpty,
    )
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      '\nIt only reads, and works beside the nodes that use it.\n\nExample:\n  handoff runs --data-dir data --state interrupted',
    )
    .action(async (flags: RunsFlags) => {
      const { showRuns } = await import('../show-runs.js');
      session.exitCode = await showRuns(flags, session);
    });
}
