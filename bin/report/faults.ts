import { type CodeFault, type DagFault, type DagLike, findCodeFaults, HandoffError } from '../../lib/index.js';
import type { CodeFlags } from '../code-options.js';
import { usage } from '../exit-codes.js';
import { terminalName } from './terminal-text.js';

/** Returns all faults of a DAG by itself; an empty list if it is valid. */
export function faultsOf(dag: { validate(): unknown }): readonly DagFault[] {
  try {
    dag.validate();
    return [];
  } catch (error) {
    if (HandoffError.is(error, 'HANDOFF_INVALID_DAG')) return error.faults ?? [];
    throw error;
  }
}

/**
 * Returns all functions whose code cannot be loaded; an empty list if the command line says not to check. A wrong `--root` is wrong usage.
 */
export async function codeFaultsOf(dag: DagLike, { code, root }: CodeFlags): Promise<readonly CodeFault[]> {
  return code ? usage('Cannot check the code', () => findCodeFaults(dag, root === undefined ? {} : { root })) : [];
}

/** Returns the number of faults in words. */
export const faultCount = (count: number): string => (count === 1 ? '1 fault' : `${count} faults`);

/** Returns a line for each fault: its kind, then what is wrong. */
export function faultLines(faults: readonly { readonly kind: string; readonly message: string }[]): string {
  const width = Math.max(0, ...faults.map(({ kind }) => kind.length));
  return faults.map(({ kind, message }) => `${kind.padEnd(width)}  ${terminalName(message)}\n`).join('');
}
