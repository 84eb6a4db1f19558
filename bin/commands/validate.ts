import { Command } from 'commander';
import { ExitCode } from '../exit-codes.js';
import { terminalName } from '../report/terminal-text.js';
import type { Session } from '../session.js';

/** `handoff validate`: lists what is wrong with the DAG of a module, on standard output as it is what was asked for. */
export function validateCommand(session: Session): Command {
  return new Command('validate')
    .description('Lists every fault of a DAG, and exits 2 if there is one. Runs nothing.')
    .argument('<module>', 'the module that exports the DAG, as path or path#export')
    .action(async (module: string) => {
      const { loadDag } = await import('../dag/load-dag.js');
      const dag = await loadDag(module);
      const { faultLines, faultsOf } = await import('../report/faults.js');
      const faults = faultsOf(dag);
      if (faults.length === 0)
        return session.output.write(`DAG "${terminalName(dag.id)}" is valid: ${dag.size} ${dag.size === 1 ? 'function' : 'functions'}\n`);
      session.exitCode = ExitCode.wrongUsage;
      const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
      process.stderr.write(`handoff: DAG "${terminalName(dag.id)}" is invalid: ${count}\n`);
      await session.output.write(faultLines(faults));
    });
}
