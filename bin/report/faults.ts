import { type CodeFault, type DagFault, type DagLike, findCodeFaults, HandoffError } from '../../lib/index.js';
import type { CodeFlags } from '../code-options.js';
import { usage } from '../exit-codes.js';
import { terminalName } from './terminal-text.js';

/** Everything that is wrong with a DAG by itself; nothing, if it is valid. */
export function faultsOf(dag: { validate(): unknown }): readonly DagFault[] {
  try {
    dag.validate();
    return [];
  } catch (error) {
    if (HandoffError.is(error, 'HANDOFF_INVALID_DAG')) return error.faults ?? [];
    throw error;
  }
}

/** Every function whose code cannot be loaded; none, if the command line says not to look. A wrong `--root` is wrong usage. */
export async function codeFaultsOf(dag: DagLike, { code, root }: CodeFlags): Promise<readonly CodeFault[]> {
  return code ? usage('Cannot look at code', () => findCodeFaults(dag, root === undefined ? {} : { root })) : [];
}

/** How many faults there are, in words. */
export const faultCount = (count: number): string => (count === 1 ? '1 fault' : `${count} faults`);

/** A line for each fault: its kind, then what is wrong. */
export function faultLines(faults: readonly { readonly kind: string; readonly message: string }[]): string {
  const width = Math.max(0, ...faults.map(({ kind }) => kind.length));
  return faults.map(({ kind, message }) => `${kind.padEnd(width)}  ${terminalName(message)}\n`).join('');
}
