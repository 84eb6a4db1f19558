import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectNode, realEnvironment } from '../../lib/handoff/index.js';
import { Dag, type DynamicDag, functionsIn, type Handoff, type NodeOptions } from '../../lib/index.js';
import { openSpillDisk } from '../../lib/store/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { startCluster } from '../../lib/testing/test-cluster.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { smallDisk } from '../support/small-disk.js';
import { spyLogger } from '../support/spy-logger.js';

type Run = ReturnType<Handoff['execute']>;

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const MIB = 2 ** 20;
const MEMORY_MIB = 4;
const VALUES = 40;
/** How often a spec looks whether nodes have come to rest, ms. */
const LOOK_MS = 10;
/** Attempts at a time on a node that is alone; one of several has one, as each thread takes a second to start. */
const THREADS = 2;
/** A packed value has a header beside its MiB: that of all values takes less, MiB. */
const HEADERS = 0.1;
/** A driver gets so far ahead of another node's bound, MiB, and then its attempt there makes one more value. */
const LEAD = MEMORY_MIB / 2 + 1;
/**
 * Without a disk all values of the first half are in memory before any pair can be taken: `VALUES` MiB or more, see `pairs`. With one there
 * are what was made before it was full, and the two values of each pair that is taken, here or on another node: far less, however slow the machine.
 */
const FAR_LESS = VALUES / 2;

const worker: NodeOptions = { capabilities: { cpu: 1 }, threads: 1, valueMemoryMiB: MEMORY_MIB };

/** So many values of 1 MiB, taken in pairs, the first with the last. The first half of them is made before any other begins. */
function pairs(count: number, of = ''): DynamicDag {
  const dag = Dag.dynamic(`values ${of}`);
  for (let index = 0; index < count; index += 1)
    dag.add({ id: `v${index}`, code: tasks.bytes, extraArgs: [MIB], priority: index < count / 2 ? 2 : 1 });
  const sums: string[] = [];
  for (let index = 0; index < count / 2; index += 1) {
    dag.add({ id: `p${index}`, code: tasks.size, args: [`v${index}`, `v${count - 1 - index}`] });
    sums.push(`p${index}`);
  }
  return dag.add({ id: 'all', code: tasks.sum, args: sums, argumentInclusion: 'as-list' });
}

/** The most that nodes held in memory, and on the disk, each time that a function of a run had ended. */
async function mostHeld(nodes: readonly Handoff[], run: Run): Promise<{ memoryMiB: number; diskMiB: number }> {
  const most = { memoryMiB: 0, diskMiB: 0 };
  for await (const { type } of run) {
    if (type !== 'function-succeeded') continue;
    for (const node of nodes) {
      const { memoryBytes, spilledBytes } = node[inspectNode]();
      most.memoryMiB = Math.max(most.memoryMiB, memoryBytes / MIB);
      most.diskMiB = Math.max(most.diskMiB, spilledBytes / MIB);
    }
  }
  return most;
}

/**
 * The values that nodes hold in memory, MiB, once each has as many as its bound says, functions wait for such memory, and none is running;
 * or once the runs have ended.
 */
async function heldAtRest(nodes: readonly Handoff[], runs: readonly Run[]): Promise<number[]> {
  let haveEnded = false;
  const ends = Promise.allSettled(runs).then(() => {
    haveEnded = true;
  });
  const held = (): number[] => nodes.map((node) => node[inspectNode]().memoryBytes / MIB);
  const isAtRest = async (): Promise<boolean> => {
    const { waiting } = await nodes[0]!.status();
    const isHeldBack = waiting.some(({ lacking }) => 'valueMemoryMiB' in lacking);
    return isHeldBack && runs.every(({ progress: { running } }) => running === 0) && held().every((heldMiB) => heldMiB >= MEMORY_MIB);
  };
  while (!haveEnded && !(await Promise.race([ends, isAtRest()]))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  return held();
}

/** Real disks that write nothing before the gate is open: what is in memory until then does not depend on how fast they are. */
async function clusterBehind(written: Gate, folder: string, nodes: readonly NodeOptions[]): Promise<TestCluster> {
  const { clock, defer } = realEnvironment;
  return TestCluster[startCluster](
    { nodes },
    {
      clock,
      defer,
      randomOf: () => Math.random,
      openDisk: async (node, limitBytes) => {
        const disk = await openSpillDisk({ dataDirPath: join(folder, node), limitBytes, logger: spyLogger(), clock });
        const write = disk.write.bind(disk);
        disk.write = (parts) => written.pass().then(() => write(parts));
        return disk;
      },
    },
  );
}

describe('values that the memory of their node has no room for', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-beyond-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const inFolder = (node: string): NodeOptions => ({ ...worker, dataDir: join(folder, node) });
  const left = (node: string): string[] => readdirSync(join(folder, node), { recursive: true, encoding: 'utf8' });

  it('go to the disk and come back: a DAG ten times larger than the memory ends right, and leaves nothing', async () => {
    const written = gate();
    await using cluster = await clusterBehind(written, folder, [{ ...inFolder('n1'), capabilities: { cpu: THREADS }, threads: THREADS }]);
    const node = cluster.node('n1');
    const run = node.execute(pairs(VALUES), { collect: ['all'] });
    const mostOf = mostHeld([node], run);
    const [heldMiB] = await heldAtRest([node], [run]);
    expect(heldMiB).to.be.at.most(MEMORY_MIB + THREADS + HEADERS);
    written.open();
    const most = await mostOf;
    expect((await run).results.all).to.equal(VALUES * MIB);
    expect(most.memoryMiB).to.be.below(FAR_LESS);
    expect(most.diskMiB).to.be.above(VALUES / 4);
    await node.clear('values ');
    await node.stop();
    expect(left('n1').filter((path) => path.startsWith('spill/'))).to.deep.equal([]);
  });

  it('do so on each of three nodes, whichever asks for them', async () => {
    const written = gate();
    await using cluster = await clusterBehind(written, folder, [{ capabilities: {} }, inFolder('n2'), inFolder('n3')]);
    const nodes = ['n2', 'n3'].map((name) => cluster.node(name));
    const run = cluster.node('n1').execute(pairs(2 * VALUES), { collect: ['all'], allocationStrategy: 'load-balanced' });
    const mostOf = mostHeld(nodes, run);
    for (const heldMiB of await heldAtRest(nodes, [run])) expect(heldMiB).to.be.at.most(MEMORY_MIB + LEAD + HEADERS);
    written.open();
    const most = await mostOf;
    expect((await run).results.all).to.equal(2 * VALUES * MIB);
    expect(most.memoryMiB).to.be.below(FAR_LESS);
    expect(most.diskMiB).to.be.above(VALUES / 4);
  });

  it('are of several drivers, and none waits for ever', async () => {
    const written = gate();
    await using cluster = await clusterBehind(written, folder, [{ capabilities: {} }, { capabilities: {} }, inFolder('n3')]);
    const node = cluster.node('n3');
    const runs = ['n1', 'n2'].map((name) => cluster.node(name).execute(pairs(VALUES, name), { collect: ['all'] }));
    const mostOfEach = runs.map((run) => mostHeld([node], run));
    const [heldMiB] = await heldAtRest([node], runs);
    // Between two reports of the node each driver counts what it makes itself.
    expect(heldMiB).to.be.at.most(2 * (MEMORY_MIB + LEAD) + HEADERS);
    written.open();
    for (const run of runs) expect((await run).results.all).to.equal(VALUES * MIB);
    for (const { memoryMiB } of await Promise.all(mostOfEach)) expect(memoryMiB).to.be.below(FAR_LESS);
  });

  it('stay in memory with `spill: false`: what only makes more waits, one at a time if it must', async () => {
    await using cluster = await TestCluster.start({ nodes: [{ ...inFolder('n1'), spill: false }] });
    const node = cluster.node('n1');
    const run = node.execute(pairs(VALUES), { collect: ['all'] });
    const most = await mostHeld([node], run);
    expect((await run).results.all).to.equal(VALUES * MIB);
    expect(most.diskMiB).to.equal(0);
    expect(most.memoryMiB).to.be.above(VALUES / 2);
    expect(left('n1').filter((path) => path.startsWith('spill'))).to.deep.equal([]);
  });

  it('fail their attempts once the disk is full too, with other results unharmed, and nothing hangs', async function () {
    const disk = await smallDisk(12 * 1024);
    if (!disk) return this.skip();
    try {
      const logger = spyLogger();
      await using cluster = await TestCluster.start({ nodes: [{ ...worker, dataDir: join(disk.path, 'data'), logger }] });
      const node = cluster.node('n1');
      const dag = pairs(VALUES).add({ id: 'small', code: tasks.sum, extraArgs: [[1, 2]] });
      const error = await caught(node.execute(dag, { onFailure: 'continue', maxRetries: 1, collect: ['all', 'small'] }));
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED' });
      expect(error.cause).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full', node: 'n1' });
      expect(error.results).to.deep.equal({ small: 3 });
      const again = await node.execute(pairs(8), { collect: ['all'] });
      expect(again.results.all).to.equal(8 * MIB);
    } finally {
      await disk.remove();
    }
  });

  it('fail so on another node too, as its driver says', async function () {
    const disk = await smallDisk(12 * 1024);
    if (!disk) return this.skip();
    try {
      await using cluster = await TestCluster.start({
        nodes: [{ capabilities: {} }, { ...worker, dataDir: join(disk.path, 'data') }],
      });
      const error = await caught(cluster.node('n1').execute(pairs(VALUES), { maxRetries: 0, collect: ['all'] }));
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED' });
      expect(error.cause).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full', node: 'n2' });
      const again = await cluster.node('n1').execute(pairs(8), { collect: ['all'] });
      expect(again.results.all).to.equal(8 * MIB);
    } finally {
      await disk.remove();
    }
  });
});
