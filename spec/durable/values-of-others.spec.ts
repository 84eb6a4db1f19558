import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, functionsIn } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';
import { eventsOf, startedIn } from './durable-node.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const LARGE = 100_000;

describe('large values that other nodes make for a durable run', () => {
  let base: string;
  let cluster: SpecCluster;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-others-'));
    cluster = new SpecCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    await rm(base, { recursive: true });
  });

  const dataDir = (name: string): string => join(base, name);
  const filesOf = async (name: string, runId: string): Promise<string[]> =>
    (await readdir(join(base, name, 'values', runId)).catch(() => [])).sort();
  const dag = () =>
    Dag.dynamic('d')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [LARGE], node: 'maker', version: '1' })
      .add({ id: 'size', code: tasks.size, args: ['made'], node: 'maker', version: '1' });

  it('are copied to the driver where they are collected, before the end is told', async () => {
    const driver = await cluster.start('driver', { dataDir: dataDir('driver'), isolation: 'loop' });
    await cluster.start('maker');
    const run = driver.execute(dag(), { key: 'k' });
    expect((await run).results.size).to.equal(LARGE);
    expect(await filesOf('driver', run.id)).to.deep.equal(['1-0']);
    await cluster.stop();
    cluster = new SpecCluster();
    const again = (await cluster.start('driver', { dataDir: dataDir('driver'), isolation: 'loop' })).execute(dag(), { key: 'k' });
    expect(startedIn(await eventsOf(again))).to.deep.equal([]);
    expect((await again).results.made).to.deep.equal(new Uint8Array(LARGE).fill(7));
  });
});
