import type { DagLike } from './wiring.js';

/** The key of a DAG's input ids: shared with other copies of the package, whose `Dag` is not our class. */
export const inputsOf = Symbol.for('handoff-dag.Dag.inputs');

/** The ids of a DAG's inputs, in the order of adding. */
export function inputIdsOf(dag: DagLike): string[] {
  const ids: unknown = Reflect.get(dag, inputsOf);
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string' && id !== '') : [];
}
