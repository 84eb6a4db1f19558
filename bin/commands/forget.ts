import { Command } from 'commander';
import { type DurableFlags, withDurableOptions } from '../durable-options.js';
import type { Session } from '../session.js';

/** `handoff forget`: deletes the record of a durable run. */
export function forgetCommand(session: Session): Command {
  return withDurableOptions(
    new Command('forget').description('Deletes the record of a durable run: with its key, the next run starts anew.'),
  )
    .argument('<key>', 'the key that the run was given')
    .addHelpText('after', '\nExample:\n  handoff forget nightly --data-dir data')
    .action(async (key: string, flags: DurableFlags) => {
      const { forgetRun } = await import('../resume-runs.js');
      session.exitCode = await forgetRun(key, flags);
    });
}
