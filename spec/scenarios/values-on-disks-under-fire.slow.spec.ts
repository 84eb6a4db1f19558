import { readdirSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, type DynamicDag, functionsIn, type NodeOptions, onDriver, type Run } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { type Gate, gate } from '../support/gate.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const MIB = 2 ** 20;
const VALUES = 60;

/** Values of 1 MiB. Once the gate opens they are taken in pairs, the first with the last, on whichever node. */
function pairs(held: Gate): DynamicDag {
  const dag = Dag.dynamic('pairs');
  const hold = async (): Promise<string> => {
    await held.pass();
    return '';
  };
  dag.add({ id: 'hold', code: hold, node: onDriver(), isolation: 'loop', cost: {} });
  for (let index = 0; index < VALUES; index += 1) dag.add({ id: `v${index}`, code: tasks.bytes, extraArgs: [MIB] });
  const sums: string[] = [];
  for (let index = 0; index < VALUES / 2; index += 1) {
    dag.add({ id: `p${index}`, code: tasks.size, args: [`v${index}`, `v${VALUES - 1 - index}`, 'hold'] });
    sums.push(`p${index}`);
  }
  return dag.add({ id: 'all', code: tasks.sum, args: sums, argumentInclusion: 'as-list' });
}

describe('values on disks', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-under-fire-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const worker = (node: string): NodeOptions => ({
    ...{ capabilities: { cpu: 2 }, threads: 2, valueMemoryMiB: 4, dataDir: join(folder, node) },
  });
  const nodes = (): NodeOptions[] => [{ capabilities: {} }, worker('n2'), worker('n3')];
  /** The files of values that a node has. */
  const files = (node: string): string[] => {
    const below = join(folder, node, 'spill');
    const found = readdirSync(below, { recursive: true, withFileTypes: true });
    return found.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  };
  /** Executes the pairs. `harm` is done once all values have been made, and most are on disks. Returns how many were lost. */
  const execute = async (cluster: TestCluster, harm: () => Promise<void>): Promise<number> => {
    const held = gate();
    const run = cluster.node('n1').execute(pairs(held), { collect: ['all'], allocationStrategy: 'load-balanced' });
    const lost = watch(run, async () => {
      while (files('n2').length < 5 || files('n3').length < 5) await new Promise(setImmediate);
      await harm();
      held.open();
    });
    expect((await run).results).to.deep.equal({ all: VALUES * MIB });
    return lost;
  };
  const watch = async (run: Run<unknown>, harm: () => Promise<void>): Promise<number> => {
    let made = 0;
    let lost = 0;
    for await (const event of run) {
      if (event.type === 'function-lost') lost += 1;
      if (event.type !== 'function-succeeded' || !event.functionId.startsWith('v')) continue;
      made += 1;
      if (made === VALUES) await harm();
    }
    return lost;
  };

  it('are made again when their node is killed; the next one of that name clears its disk', async () => {
    await using cluster = await TestCluster.start({ nodes: nodes(), transport: 'processes' });
    let left: readonly string[] = [];
    const lost = await execute(cluster, async () => {
      await cluster.kill('n2');
      left = files('n2');
    });
    expect(lost).to.be.above(10);
    expect(left.length).to.be.at.least(5);
    await cluster.restart('n2');
    const still = new Set(files('n2'));
    expect(left.filter((path) => still.has(path))).to.deep.equal([]);
  });

  it('are made again when their files are damaged, whoever was to read them', async () => {
    await using cluster = await TestCluster.start({ nodes: nodes(), transport: 'websocket' });
    const lost = await execute(cluster, async () => {
      for (const path of files('n2')) {
        const file = await open(path, 'r+').catch(() => undefined);
        const { size } = await stat(path).catch(() => ({ size: 0 }));
        if (size > 100_000) await file?.write(Buffer.alloc(1000, 0xaa), 0, 1000, size >> 1);
        await file?.close();
      }
    });
    expect(lost).to.be.above(0);
  });

  it('arrive although links break in their midst', async () => {
    await using cluster = await TestCluster.start({ nodes: nodes(), transport: 'websocket' });
    const link = cluster.link('n2', 'n3');
    const lost = await execute(cluster, () => link.set({ resetAfterBytes: 3.5 * MIB }));
    expect(lost).to.equal(0);
  });
});
