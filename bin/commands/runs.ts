import { Command, Option } from 'commander';
import { withDurableOptions } from '../durable-options.js';
import { UsageError } from '../exit-codes.js';
import { withClusterOptions } from '../node-options.js';
import { nonEmpty } from '../option-values.js';
import { journalOf } from '../secret-files.js';
import type { Session } from '../session.js';
import type { AllRunsFlags } from '../show-all-runs.js';
import type { RunsFlags } from '../show-runs.js';

/** `handoff runs`: lists durable runs, or those of a cluster. */
export function runsCommand(session: Session): Command {
  return withClusterOptions(
    withDurableOptions(
      new Command('runs').description(
        'Lists runs, newest first: the durable ones that are recorded in a folder or a database; with --join those of a cluster.',
      ),
      { onlyReads: true },
    ),
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
      '\nIt only reads, and works beside the nodes that use it. Of a cluster it lists the runs under way, and the last hundred of each\n' +
        'driver that have ended.\n\nExamples:\n  handoff runs --data-dir data --state interrupted\n' +
        '  handoff runs --join ws://10.0.0.1:7000',
    )
    .action(async (flags: RunsFlags & AllRunsFlags, command: Command) => {
      const isOfCluster = isClusterMeant(flags, (option) => command.getOptionValueSource(option) === 'cli');
      if (isOfCluster) {
        const { showAllRuns } = await import('../show-all-runs.js');
        session.exitCode = await showAllRuns(flags, session);
      } else {
        const { showRuns } = await import('../show-runs.js');
        session.exitCode = await showRuns(flags, session);
      }
    });
}

/** An option says it, else the environment; where that names both, the record is meant. Throws `UsageError` if options name both. */
function isClusterMeant({ join, dataDir }: RunsFlags & AllRunsFlags, isGiven: (option: string) => boolean): boolean {
  const isRecordGiven = isGiven('dataDir') || isGiven('journal');
  if (!isGiven('join')) return !isRecordGiven && join !== undefined && dataDir === undefined && journalOf(undefined) === undefined;
  if (isRecordGiven) throw new UsageError('Cannot list runs: give either --join, for those of a cluster, or --data-dir or --journal');
  return true;
}
