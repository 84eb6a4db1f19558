import type { FunctionSpec } from './function-spec.js';

/** The key of a DAG's input ids: shared with other copies of the package, whose `Dag` is not our class. */
export const inputsOf = Symbol.for('handoff-dag.Dag.inputs');

/** A DAG at one moment. */
export interface Snapshot {
  readonly dagId: string;
  /** In the order of adding, inline functions included. */
  readonly functions: readonly FunctionSpec[];
  readonly inputs: readonly string[];
}
