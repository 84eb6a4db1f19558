import { type DagFault, HandoffError } from '../../lib/index.js';
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

/** A line for each fault: its kind, then what is wrong. */
export function faultLines(faults: readonly DagFault[]): string {
  const width = Math.max(0, ...faults.map(({ kind }) => kind.length));
  return faults.map(({ kind, message }) => `${kind.padEnd(width)}  ${terminalName(message)}\n`).join('');
}
