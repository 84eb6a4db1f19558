import { Command, Option } from 'commander';
import type { Session } from '../session.js';

/** `handoff graph`: draws the DAG of a module as text, also one that is invalid. */
export function graphCommand({ output }: Session): Command {
  return new Command('graph')
    .description('Prints the picture of a DAG: Mermaid, or DOT for Graphviz. An invalid DAG is drawn as it is.')
    .argument('<module>', 'the module that exports the DAG, as path or path#export')
    .addOption(new Option('--format <format>', 'the language of the picture').choices(['mermaid', 'dot']).default('mermaid'))
    .addHelpText('after', '\nExample:\n  handoff graph dag.ts --format dot | dot -Tsvg > dag.svg')
    .action(async (module: string, { format }: { readonly format: 'mermaid' | 'dot' }) => {
      const { loadDag } = await import('../dag/load-dag.js');
      const dag = await loadDag(module);
      await output.write(format === 'dot' ? dag.toDot() : dag.toMermaid());
    });
}
