// Functions that tell on which host they ran, for real processes.
import { currentFunction, Dag, functionsIn } from 'handoff-dag';

const here = functionsIn(import.meta.url);

/** Does not end on the hosts named so. */
export function where(...endless) {
  const { node } = currentFunction();
  console.log(`on ${node}`);
  return endless.includes(node) ? new Promise((resolve) => setTimeout(resolve, 600_000, node)) : node;
}

export const together = (...names) => names;

const six = (...endless) => {
  const dag = Dag.dynamic('six');
  const ids = Array.from({ length: 6 }, (_, index) => `where-${index}`);
  for (const id of ids) dag.add({ id, code: here.where, extraArgs: endless, cost: { cpu: 1 } });
  return dag.add({ id: 'together', code: here.together, args: ids, cost: { cpu: 1 } });
};

/** Six functions that each take a whole cpu. */
export const spread = () => six();

/** The same, but that those on host c do not end. */
export const endlessOnC = () => six('c');
