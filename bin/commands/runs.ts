import { Command, Option } from 'commander';
import { withDataDir } from '../durable-options.js';
import type { Session } from '../session.js';
import type { RunsFlags } from '../show-runs.js';

/** `handoff runs`: lists durable runs. */
export function runsCommand(session: Session): Command {
  return withDataDir(new Command('runs').description('Lists the durable runs that are recorded in a folder, newest first.'))
    .addOption(
      new Option('--state <s>', 'only those in this state').choices(['running', 'interrupted', 'completed', 'failed', 'cancelled']),
    )
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      '\nIt only reads, and works beside a node that uses the folder.\n\nExample:\n  handoff runs --data-dir data --state interrupted',
    )
    .action(async (flags: RunsFlags) => {
      const { showRuns } = await import('../show-runs.js');
      session.exitCode = await showRuns(flags, session);
    });
}
