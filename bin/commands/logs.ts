import { Command } from 'commander';
import { withClusterOptions } from '../node-options.js';
import { nonEmpty } from '../option-values.js';
import type { Session } from '../session.js';
import type { LogsFlags } from '../show-logs.js';

/** `handoff logs`: what functions have written. */
export function logsCommand(session: Session): Command {
  return withClusterOptions(new Command('logs').description('Prints the lines that functions have written, on whichever node they ran.'))
    .option('--run <id>', 'only those of this run; default: of all runs that the cluster knows', nonEmpty)
    .option('--function <id>', 'only those of this function', nonEmpty)
    .option('-f, --follow', 'go on with new lines, until the run has ended; without --run until interrupted')
    .option('--json', 'print one JSON array; with -f one object on each line')
    .addHelpText(
      'after',
      '\nOf each run the last 10,000 lines are kept, 1 MiB at most.\n\nExample:\n  handoff logs --join ws://10.0.0.1:7000 -f',
    )
    .action(async (flags: LogsFlags) => {
      const { showLogs } = await import('../show-logs.js');
      session.exitCode = await showLogs(flags, session);
    });
}
