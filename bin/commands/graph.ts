import { Command, Option } from 'commander';
import { type CodeFlags, withCodeOptions } from '../code-options.js';
import { ExitCode } from '../exit-codes.js';
import { terminalName } from '../report/terminal-text.js';
import type { Session } from '../session.js';

/** `handoff graph`: draws the DAG of a module as text. An invalid DAG is drawn too. */
export function graphCommand(session: Session): Command {
  const command = new Command('graph')
    .description(
      'Prints the picture of a DAG: Mermaid, or DOT for Graphviz. An invalid DAG is drawn as it is. ' +
        'Functions whose code is not there are listed on standard error, with exit code 2.',
    )
    .argument('<module>', 'the module that exports the DAG, as path or path#export')
    .addOption(new Option('--format <format>', 'the language of the picture').choices(['mermaid', 'dot']).default('mermaid'))
    .addHelpText('after', '\nExample:\n  handoff graph dag.ts --format dot | dot -Tsvg > dag.svg');
  return withCodeOptions(command).action(
    async (module: string, { format, ...flags }: CodeFlags & { readonly format: 'mermaid' | 'dot' }) => {
      const { loadDag } = await import('../dag/load-dag.js');
      const dag = await loadDag(module);
      await session.output.write(format === 'dot' ? dag.toDot() : dag.toMermaid());
      const { codeFaultsOf, faultCount, faultLines } = await import('../report/faults.js');
      const faults = await codeFaultsOf(dag, flags);
      if (faults.length === 0) return;
      session.exitCode = ExitCode.wrongUsage;
      process.stderr.write(`handoff: the code of DAG "${terminalName(dag.id)}" has ${faultCount(faults.length)}\n${faultLines(faults)}`);
    },
  );
}
