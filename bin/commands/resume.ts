import { Command } from 'commander';
import { withDurableOptions } from '../durable-options.js';
import { withClusterOptions, withNodeOptions } from '../node-options.js';
import type { ResumeFlags } from '../resume-runs.js';
import type { Session } from '../session.js';

/** `handoff resume`: goes on with durable runs by their keys. */
export function resumeCommand(session: Session): Command {
  const command = new Command('resume')
    .description('Goes on with a durable run by its key alone, and prints its results. All its functions must be of modules.')
    .argument('[key]', 'the key that the run was given')
    .option('--all', 'goes on with all runs that are interrupted, one after the other');
  return withDurableOptions(withNodeOptions(withClusterOptions(command)))
    .option('--json', 'print the results as one JSON object by id; what JSON cannot carry as { "$type": …, "value": … }')
    .option('-q, --quiet', 'show no progress, and nothing that functions print')
    .addHelpText('after', '\nExamples:\n  handoff resume nightly --data-dir data\n  handoff resume --all --data-dir data')
    .action(async (key: string | undefined, flags: ResumeFlags) => {
      const { resumeRuns } = await import('../resume-runs.js');
      session.exitCode = await resumeRuns(key, flags, session);
    });
}
