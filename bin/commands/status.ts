import { Command } from 'commander';
import { withClusterOptions } from '../node-options.js';
import type { Session } from '../session.js';
import type { StatusFlags } from '../show-status.js';

/** `handoff status`: shows a cluster without becoming its member. */
export function statusCommand(session: Session): Command {
  return withClusterOptions(
    new Command('status').description('Prints the nodes of a cluster, what they have and use, what runs, and what waits for what.'),
  )
    .option('--json', 'print one JSON object; with --watch one on each line')
    .option('--watch', 'print it again every second, until interrupted')
    .addHelpText('after', '\nExample:\n  handoff status --join ws://10.0.0.1:7000 --cookie-file cookie --watch')
    .action(async (flags: StatusFlags) => {
      const { showStatus } = await import('../show-status.js');
      session.exitCode = await showStatus(flags, session);
    });
}
