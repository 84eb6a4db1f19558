import { Command } from 'commander';
import { withClusterOptions } from '../node-options.js';
import { nonEmpty } from '../option-values.js';
import type { Session } from '../session.js';
import type { WhyFlags } from '../show-why.js';

/** `handoff why`: what a function waits for, and what its attempts were. */
export function whyCommand(session: Session): Command {
  return withClusterOptions(
    new Command('why').description('Tells why a function is in its state: what it waits for, its attempts, its last error.'),
  )
    .argument('<function>', 'the id of the function', nonEmpty)
    .option('--run <id>', 'the run of the function; default: the only run under way, else the latest', nonEmpty)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  handoff why resize-12 --join ws://10.0.0.1:7000')
    .action(async (functionId: string, flags: WhyFlags) => {
      const { showWhy } = await import('../show-why.js');
      session.exitCode = await showWhy(functionId, flags, session);
    });
}
