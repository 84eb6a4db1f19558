import { Command } from 'commander';
import { withClusterOptions } from '../node-options.js';
import type { Session } from '../session.js';
import type { TopFlags } from '../show-top.js';

/** `handoff top`: a live screen of a cluster. */
export function topCommand(session: Session): Command {
  return withClusterOptions(new Command('top').description('Shows the nodes and runs of a cluster, live, until you press q.'))
    .option('--json', 'print one JSON object; with --watch one on each line, each second')
    .option('--watch', 'with --json: print it again every second, until interrupted')
    .addHelpText(
      'after',
      '\nWhere output is no terminal, the screen is printed each second.\n\nExample:\n  handoff top --join ws://10.0.0.1:7000',
    )
    .action(async (flags: TopFlags) => {
      const { showTop } = await import('../show-top.js');
      session.exitCode = await showTop(flags, session);
    });
}
