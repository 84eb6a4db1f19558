import { currentFunction, Dag, functionsIn } from 'handoff-dag';

const here = functionsIn(import.meta.url);
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function where(ms) {
  const { node } = currentFunction();
  console.log(`on ${node}`);
  await rest(ms);
  return node;
}

export const together = (...names) => names;

/** Eight functions that each take a whole cpu for a while. */
export const spread = () => {
  const dag = Dag.dynamic('spread');
  const ids = Array.from({ length: 8 }, (_, index) => `where-${index}`);
  for (const id of ids) dag.add({ id, code: here.where, extraArgs: [300], cost: { cpu: 1 } });
  return dag.add({ id: 'together', code: here.together, args: ids, cost: {} });
};

/** One that takes a gpu, and long. */
export const gpu = (ms = 600_000) =>
  Dag.dynamic('gpu')
    .add({ id: 'first', code: here.where, extraArgs: [ms], cost: { gpu: 1 } })
    .add({ id: 'second', code: here.where, extraArgs: [ms], cost: { gpu: 1 } });

/** One that takes a gpu for a second. */
export const shortGpu = () => Dag.dynamic('short').add({ id: 'first', code: here.where, extraArgs: [1000], cost: { gpu: 1 } });

/** Eight functions that each take a seat, of which driver and worker have eight each. */
export const seats = () => {
  const dag = Dag.dynamic('seats');
  const ids = Array.from({ length: 8 }, (_, index) => `where-${index}`);
  for (const id of ids) dag.add({ id, code: here.where, extraArgs: [50], cost: { seat: 1 } });
  return dag.add({ id: 'together', code: here.together, args: ids, cost: {} });
};

export const make = () => new Uint8Array(300_000);
export const sizeOf = ({ length }) => length;

/** A large value that the node with a gpu makes. */
export const bytes = () =>
  new Dag('bytes')
    .add({ id: 'made', code: here.make, cost: { gpu: 1 } })
    .add({ id: 'size', code: here.sizeOf, args: ['made'], cost: { gpu: 1 } });
