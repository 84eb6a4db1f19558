import { Command } from 'commander';
import type { CancelFlags } from '../cancel-run.js';
import { withClusterOptions } from '../node-options.js';
import { nonEmpty } from '../option-values.js';
import type { Session } from '../session.js';

/** `handoff cancel`: cancels a run from elsewhere. */
export function cancelCommand(session: Session): Command {
  return withClusterOptions(new Command('cancel').description('Cancels a run, whichever node drives it.'))
    .argument('<run>', 'the id of the run, as handoff runs --join prints it', nonEmpty)
    .option('--json', 'print one JSON object: the run and its state')
    .addHelpText('after', '\nA run that has ended already is no error.\n\nExample:\n  handoff cancel <run> --join ws://10.0.0.1:7000')
    .action(async (runId: string, flags: CancelFlags) => {
      const { cancelRun } = await import('../cancel-run.js');
      session.exitCode = await cancelRun(runId, flags, session);
    });
}
