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

export const bytes = (size) => new Uint8Array(size).fill(7);
export const size = (...all) => all.reduce((total, one) => total + one.length, 0);

/** Values of so many bytes from each of these hosts, gathered on another. */
const gathering = (from, to, sizeBytes, each) => {
  const dag = Dag.dynamic('gathering');
  const ids = from.flatMap((node) => Array.from({ length: each }, (_, index) => ({ node, id: `${node}-${index}` })));
  for (const { node, id } of ids) dag.add({ id, code: here.bytes, extraArgs: [sizeBytes], node, isolation: 'loop' });
  return dag.add({ id: 'size', code: here.size, args: ids.map(({ id }) => id), node: to, isolation: 'loop' });
};

/** One value of 3 MB. */
export const large = () => gathering(['b'], 'a', 3_000_000, 1);

/** Eight values of half a megabyte. */
export const many = () => gathering(['b', 'c'], 'a', 500_000, 4);
