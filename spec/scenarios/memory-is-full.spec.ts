import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import { Dag, functionsIn } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const MIB = 2 ** 20;
const VALUES = 60;
const VALUE_MIB = 2;
const MEMORY_MIB = 32;

/** Each value is needed by one function that has room for one at a time; making them is faster. The most that `n2` held, MiB. */
async function most(memory: { memory?: number }): Promise<number> {
  await using cluster = await TestCluster.start({
    nodes: [{ capabilities: {} }, { capabilities: { maker: 100, taker: 1, ...memory }, heartbeat: { intervalMs: 20 }, spill: false }],
    transport: 'memory',
  });
  const dag = Dag.dynamic('values');
  for (let index = 0; index < VALUES; index += 1) {
    const on = { node: 'n2', isolation: 'loop' } as const;
    dag.add({ id: `made-${index}`, code: tasks.bytes, extraArgs: [VALUE_MIB * MIB], cost: { maker: 1 }, ...on });
    dag.add({ id: `taken-${index}`, code: tasks.lengths, args: [`made-${index}`], cost: { taker: 1 }, ...on });
  }
  const run = cluster.node('n1').execute(dag, { collect: [], maxConcurrency: 8 });
  let mostBytes = 0;
  for await (const { type } of run) {
    if (type === 'function-succeeded') mostBytes = Math.max(mostBytes, cluster.node('n2')[inspectNode]().heldBytes);
  }
  await run;
  return mostBytes / MIB;
}

describe('a node whose memory is full of values', () => {
  it('is given those functions first that need them, and the others as it has room again', async () => {
    expect(await most({})).to.be.above((VALUES * VALUE_MIB) / 2);
    expect(await most({ memory: MEMORY_MIB })).to.be.at.most(MEMORY_MIB);
  });
});
