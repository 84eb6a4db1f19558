import type { DagLike } from './dag-like.js';

/** The key of a DAG's input ids. It is shared with other copies of the package, whose `Dag` is a different class. */
export const inputsOf = Symbol.for('handoff-dag.Dag.inputs');

/** Returns the ids of a DAG's inputs, in the order in which they were added. */
export function inputIdsOf(dag: DagLike): string[] {
  const ids: unknown = Reflect.get(dag, inputsOf);
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string' && id !== '') : [];
}
