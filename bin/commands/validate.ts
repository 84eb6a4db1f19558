import { Command } from 'commander';
import { type CodeFlags, withCodeOptions } from '../code-options.js';
import { ExitCode } from '../exit-codes.js';
import { terminalName } from '../report/terminal-text.js';
import type { Session } from '../session.js';

/** `handoff validate`: lists the faults of a module's DAG. The list is the result, so it goes to standard output. */
export function validateCommand(session: Session): Command {
  const command = new Command('validate')
    .description('Lists every fault of a DAG, its code included, and exits 2 if there is one. Runs none of its functions.')
    .argument('<module>', 'the module that exports the DAG, as path or path#export');
  return withCodeOptions(command).action(async (module: string, flags: CodeFlags) => {
    const { loadDag } = await import('../dag/load-dag.js');
    const dag = await loadDag(module);
    const { codeFaultsOf, faultCount, faultLines, faultsOf } = await import('../report/faults.js');
    const faults = [...faultsOf(dag), ...(await codeFaultsOf(dag, flags))];
    if (faults.length === 0)
      return session.output.write(`DAG "${terminalName(dag.id)}" is valid: ${dag.size} ${dag.size === 1 ? 'function' : 'functions'}\n`);
    session.exitCode = ExitCode.wrongUsage;
    process.stderr.write(`handoff: DAG "${terminalName(dag.id)}" is invalid: ${faultCount(faults.length)}\n`);
    await session.output.write(faultLines(faults));
  });
}
