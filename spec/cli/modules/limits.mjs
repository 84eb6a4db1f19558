import { resourceLimits, threadId } from 'node:worker_threads';
import { Dag, functionsIn } from 'handoff-dag';

const here = functionsIn(import.meta.url);

let running = 0;
let peak = 0;
const turn = () => new Promise((turned) => setTimeout(turned, 200));

/** How many of these ran at once, at most. */
const together = async () => {
  running += 1;
  peak = Math.max(peak, running);
  await turn();
  running -= 1;
};

/** Six functions on the loop, and the most of them that ran at once. */
export const loop = () => {
  const dag = Dag.dynamic('loop');
  const ids = ['1', '2', '3', '4', '5', '6'];
  for (const id of ids) dag.add({ id, code: together });
  return dag.add({ id: 'peak', code: () => peak, args: ids });
};

/** Where a thread function runs, and how large its heap may be. */
export const place = () => ({ threadId, heapMiB: resourceLimits.maxOldGenerationSizeMb });

export const distinct = (...places) => ({ threads: new Set(places.map(({ threadId: id }) => id)).size, heapMiB: places[0].heapMiB });

/** Four functions in threads. */
export const threads = () => {
  const dag = Dag.dynamic('threads');
  const ids = ['1', '2', '3', '4'];
  for (const id of ids) dag.add({ id, code: here.place, cost: {} });
  return dag.add({ id: 'distinct', code: here.distinct, args: ids, cost: {} });
};

/** One function after another. */
export const chain = () =>
  new Dag('chain').add({ id: 'first', code: () => 1 }).add({ id: 'second', code: (one) => one + 1, args: ['first'] });
