import { Command, Option } from 'commander';
import { strategyNames } from '../../lib/index.js';
import { withDurableOptions } from '../durable-options.js';
import { withClusterOptions, withNodeOptions } from '../node-options.js';
import { amount, collected, count, countFrom, input, nonEmpty } from '../option-values.js';
import type { RunFlags } from '../run-dag.js';
import type { Session } from '../session.js';
import { withWebOptions } from '../web-options.js';

/** `handoff run`: executes the DAG of a module. */
export function runCommand(session: Session): Command {
  const command = new Command('run')
    .description('Executes a DAG, shows its progress on standard error, and prints the results of its sinks on standard output.')
    .argument('<module>', 'the module that exports the DAG, as path or path#export')
    .option('--local', "run every function on this node, whatever the functions' node and cost say");
  const dashboard = 'serve a dashboard, which stays after the run until Ctrl-C; default: on any free port of this machine';
  return withWebOptions(withDurableOptions(withNodeOptions(withClusterOptions(command))), '[port]', dashboard)
    .option('--input <id=json>', 'the value of an input of the DAG; for each input once', input)
    .option(
      '--strategy <s>',
      `where functions go: ${strategyNames.join(', ')}, or one of --extensions; default: ${strategyNames[0]}`,
      nonEmpty,
    )
    .option('--max-retries <n>', 'how often a failed function is tried again, unless it says otherwise; default: 3', count)
    .addOption(new Option('--on-failure <what>', 'whether a failure ends the run or only what needs it').choices(['abort', 'continue']))
    .option('--dag-id <id>', "the DAG id of the run, instead of the DAG's own", nonEmpty)
    .option('--timeout-ms <ms>', 'how long the run may take, waiting included; default: no limit', amount)
    .option('--max-concurrency <n>', 'how many functions run at once, at most; default: no limit', countFrom(1))
    .option('--collect <what>', 'whose results are printed: all, sinks, or the id of a function, for each once; default: sinks', collected)
    .option(
      '--key <key>',
      'record the run under this name: called again, it goes on where it was, and needs a --data-dir or a --journal',
      nonEmpty,
    )
    .option('--strict', 'record a success before anything that depends on it starts')
    .addOption(
      new Option('--reuse <what>', 'which recorded successes are used again; default: same-code').choices([
        'same-code',
        'same-wiring',
        'none',
      ]),
    )
    .option('--no-cache', 'run functions with cache all the same, and remember nothing')
    .option('--json', 'print the results as one JSON object by id; what JSON cannot carry as { "$type": …, "value": … }')
    .option('--trace <file>', 'write when and where each attempt ran into a file, as Chrome trace events, for Perfetto', nonEmpty)
    .option('--record <file>', 'write all that happens to the run into a file, for handoff replay', nonEmpty)
    .option('--report <file>', 'write a report of the run when it is over, however it ended: one HTML file that needs no network', nonEmpty)
    .option('-q, --quiet', 'show no progress, and nothing that the module and its functions print')
    .addHelpText(
      'after',
      `
Examples:
  handoff run dag.ts
  handoff run dag.ts#nightly --input rate=1.2 --input 'day="2024-02-29"'
  handoff run dag.js --json -q | jq .report
  handoff run dag.ts --collect total --collect mean --timeout-ms 60000
  handoff run dag.ts --key nightly --data-dir data
  handoff run dag.ts --dashboard
  handoff run dag.ts --join ws://10.0.0.1:7000 --cookie-file cookie --cpu 0`,
    )
    .action(async (module: string, flags: RunFlags, called: Command) => {
      const { runDag } = await import('../run-dag.js');
      const isDataDirGiven = called.getOptionValueSource('dataDir') === 'cli';
      session.exitCode = await runDag(module, { ...flags, isDataDirGiven }, session);
    });
}
