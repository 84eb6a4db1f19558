// Large values pass through a node, on the loop, through threads, and from another node in this process. How much memory that takes, and what is left of it.
import { setTimeout as rest } from 'node:timers/promises';
import { Dag, functionsIn, Handoff, type NodeOptions } from '../../../lib/index.js';

const tasks = functionsIn<typeof import('../../support/modules/cluster-tasks.js')>(
  new URL('../../support/modules/cluster-tasks.ts', import.meta.url),
);
const MIB = 2 ** 20;
const VALUE_MIB = 16;
const VALUES = 32;
/** What a process may hold on to that is not of the values: compiled code, stacks of threads, what the C library keeps. */
const REST_MIB = 150;
const LOOKS = 200;

const rssMiB = (): number => process.memoryUsage.rss() / MIB;
const quiet: NodeOptions['logger'] = { debug() {}, info() {}, warn() {}, error() {} };
const a = await Handoff.start({ name: 'a', listen: '127.0.0.1:0', capabilities: { cpu: 2 }, threads: 2, logger: quiet });
const b = await Handoff.start({ name: 'b', join: [a.address!], capabilities: { cpu: 2 }, threads: 2, logger: quiet });

/** All values are there at once, then none. */
async function pass(isolation: 'loop' | 'thread', to: string): Promise<{ mostMiB: number; leftMiB: number }> {
  const warm = Dag.dynamic('warm')
    .add({ id: 'w', code: tasks.bytes, extraArgs: [1], isolation })
    .add({ id: 'v', code: tasks.size, args: ['w'], node: to, isolation });
  await b.execute(warm, { collect: [] });
  const beforeMiB = rssMiB();
  const dag = Dag.dynamic('large');
  const ids = Array.from({ length: VALUES }, (_, index) => `${index}`);
  for (const id of ids) dag.add({ id, code: tasks.bytes, extraArgs: [VALUE_MIB * MIB], node: 'b', isolation });
  dag.add({ id: 'end', code: tasks.size, args: ids, node: to, isolation });
  const { results } = await b.execute(dag, { collect: ['end'] });
  if (results.end !== VALUES * VALUE_MIB * MIB) throw new Error(`they came to ${results.end}`);
  const mostMiB = rssMiB() - beforeMiB;
  let leftMiB = mostMiB;
  for (let look = 0; look < LOOKS && leftMiB > REST_MIB; look += 1) {
    await rest(100);
    leftMiB = rssMiB() - beforeMiB;
  }
  return { mostMiB, leftMiB };
}

console.log(JSON.stringify({ loop: await pass('loop', 'b'), thread: await pass('thread', 'b'), wire: await pass('loop', 'a') }));
await b.stop({ graceMs: 0 });
await a.stop({ graceMs: 0 });
