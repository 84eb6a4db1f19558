import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { arg, Dag, functionsIn, type Handoff } from '../../lib/index.js';
import { ValueFiles } from '../../lib/journal/data-dir/value-files.js';
import { type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { event } from '../scenarios/modules/watching.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { type Gate, gate } from '../support/gate.js';
import { eventsOf, reasonsIn, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal } from './faulty-journal.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const LARGE = 100_000;
const made = new Uint8Array(LARGE).fill(7);

describe('large values that other nodes make for a durable run', () => {
  let base: string;
  let database: MemoryDatabase;
  let cluster: SpecCluster;
  /** What was written, in order. */
  let written: string[];
  const { write } = ValueFiles.prototype;

  /** Nodes that start later are on another network: as if the machines had been started anew. */
  const newCluster = (): void => {
    const openJournal = async (given: JournalOptions) =>
      faultyJournal(await journals.memory(database, given), {
        beforeWrite: (what) => void (what === 'append' && written.push('record')),
      });
    cluster = new SpecCluster({ openJournal });
  };
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-others-'));
    database = new MemoryDatabase();
    written = [];
    newCluster();
    ValueFiles.prototype.write = async function (name, parts, isSynced) {
      const stamp = await write.call(this, name, parts, isSynced);
      written.push(`file${isSynced ? ' synced' : ''}`);
      return stamp;
    };
  });
  afterEach(async () => {
    ValueFiles.prototype.write = write;
    await cluster.stop();
    await rm(base, { recursive: true });
  });

  const start = (name: string, folder?: string): Promise<Handoff> =>
    cluster.start(name, { isolation: 'loop', ...(folder && { dataDir: join(base, folder) }) });
  const filesOf = async (folder: string, runId: string, of = 'values'): Promise<string[]> =>
    (await readdir(join(base, folder, of, runId)).catch(() => [])).sort();

  /** `maker` makes a large value; the driver, when the gate is open, a small one of it. */
  const dagAt = (held: Gate) =>
    Dag.dynamic('d')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [LARGE], node: 'maker', version: '1' })
      .add({ id: 'size', code: (value: Uint8Array) => held.pass().then(() => value.length), args: ['made'] });
  const opened = (): Gate => {
    const held = gate();
    held.open();
    return held;
  };

  /** Leaves the run interrupted while `size` runs, with all nodes stopped. */
  async function interrupted(driverFolder: string | undefined): Promise<string> {
    const driver = await start('driver', driverFolder);
    await start('maker', 'of maker');
    const held = gate();
    const run = driver.execute(dagAt(held), { key: 'k', collect: ['size'], durability: 'strict' });
    const aborted = caught(run);
    await held.reached;
    expect(await filesOf('of maker', run.id, 'values-of-others')).to.deep.equal(['1-0']);
    expect(written.slice(0, 2)).to.deep.equal(['file synced', 'record']);
    await driver.stop({ graceMs: 0 });
    await aborted;
    held.open();
    await cluster.stop();
    newCluster();
    return run.id;
  }

  it('are copied to the driver where they are collected, before the end is told; what it has copies of goes then', async () => {
    const driver = await start('driver', 'of driver');
    await start('maker', 'of maker');
    const run = driver.execute(dagAt(opened()), { key: 'k' });
    await run;
    expect(await filesOf('of driver', run.id)).to.deep.equal(['1-0']);
    await cluster.stop();
    expect(await filesOf('of maker', run.id, 'values-of-others')).to.deep.equal([]);
    newCluster();
    const alone = await start('driver', 'of driver');
    const again = alone.execute(dagAt(opened()), { key: 'k' });
    expect(startedIn(await eventsOf(again))).to.deep.equal([]);
    expect((await again).results).to.deep.equal({ made, size: LARGE });
  });

  it('are copied where their maker has no folder', async () => {
    const driver = await start('driver', 'of driver');
    await start('maker');
    const run = driver.execute(dagAt(opened()), { key: 'k' });
    await run;
    expect(await filesOf('of driver', run.id)).to.deep.equal(['1-0']);
  });

  it('are in the folder of their maker, whatever the name of the node that has it now', async () => {
    await interrupted(undefined);
    const driver = await start('driver');
    await start('another', 'of maker');
    expect(await driver.getValue('d', 'made')).to.deep.equal(made);
    const again = driver.execute(dagAt(opened()), { key: 'k' });
    const events = await eventsOf(again);
    expect(recalledIn(events)).to.deep.equal(['made']);
    expect(startedIn(events)).to.deep.equal(['size']);
    expect((await again).results).to.deep.equal({ size: LARGE });
  });

  it('are there for an heir that has that folder itself; when the run has completed, what nobody collects is not', async () => {
    const runId = await interrupted('of driver');
    const heir = await start('heir', 'of maker');
    expect(await heir.getValue('d', 'made')).to.deep.equal(made);
    const again = heir.execute(dagAt(opened()), { key: 'k' });
    expect(startedIn(await eventsOf(again))).to.deep.equal(['size']);
    expect((await again).results).to.deep.equal({ size: LARGE });
    await cluster.stop();
    expect(await filesOf('of maker', runId, 'values-of-others')).to.deep.equal([]);
  });

  it('are computed again where no member has the folder, or their file is gone', async () => {
    const runId = await interrupted(undefined);
    const driver = await start('driver');
    await start('maker', 'of maker');
    await rm(join(base, 'of maker', 'values-of-others', runId), { recursive: true });
    const again = driver.execute(dagAt(opened()), { key: 'k' });
    const events = await eventsOf(again);
    expect(reasonsIn(events)).to.include({ made: 'value-lost' });
    expect((await again).results).to.deep.equal({ size: LARGE });
  });

  it('stay where they are when the run has failed, or its driver has no folder for copies', async () => {
    const driver = await start('driver');
    await start('maker', 'of maker');
    const run = driver.execute(dagAt(opened()), { key: 'k' });
    await run;
    const failing = dagAt(opened()).add({ id: 'fails', code: () => Promise.reject(new Error('no')), args: ['size'] });
    const failed = driver.execute(failing, { key: 'failed', dagId: 'failed', maxRetries: 0 });
    await caught(failed);
    await cluster.stop();
    for (const { id } of [run, failed]) expect(await filesOf('of maker', id, 'values-of-others')).to.deep.equal(['1-0']);
  });

  it('are read from their files by functions, and by serializers, that run on the node that has them', async () => {
    const dagOf = (held: Gate) =>
      dagAt(held)
        .add({ id: 'there', code: tasks.size, args: ['made'], node: 'maker' })
        .add({ id: 'length', code: tasks.size, args: [arg('made', { serialize: tasks.same })], node: 'driver' })
        .add({ id: 'sum', code: tasks.sumOf, args: ['there', 'size', 'length'] });
    const driver = await start('driver');
    await start('maker', 'of maker');
    const first = driver.execute(dagOf(gate()), { key: 'k', collect: ['sum'], durability: 'strict' });
    const aborted = caught(first);
    await event(first, 'function-succeeded', 'made');
    await driver.stop({ graceMs: 0 });
    await aborted;
    await cluster.stop();
    newCluster();
    const again = await start('driver');
    await start('maker', 'of maker');
    const run = again.execute(dagOf(opened()), { key: 'k', collect: ['sum'] });
    const events = await eventsOf(run);
    expect(events.filter(({ type }) => type === 'function-lost')).to.deep.equal([]);
    expect(recalledIn(events)).to.include('made');
    expect((await run).results).to.deep.equal({ sum: 3 * LARGE });
  });

  it('are computed again when their file turns out to be damaged while they are serialized for another node', async () => {
    const dagOf = (held: Gate) =>
      Dag.dynamic('d')
        .add({ id: 'made', code: tasks.bytes, extraArgs: [LARGE], node: 'driver', version: '1' })
        .add({ id: 'held', code: () => held.pass().then(() => new Uint8Array(1)) })
        .add({ id: 'length', code: tasks.size, args: ['held', arg('made', { serialize: tasks.same })], node: 'maker' });
    const driver = await start('driver', 'of driver');
    await start('maker');
    const held = gate();
    const first = driver.execute(dagOf(held), { key: 'k', collect: ['length'], durability: 'strict' });
    const aborted = caught(first);
    await event(first, 'function-succeeded', 'made');
    await driver.stop({ graceMs: 0 });
    await aborted;
    await cluster.stop();
    newCluster();
    const path = join(base, 'of driver', 'values', first.id, '1-0');
    const bytes = await readFile(path);
    bytes[LARGE / 2]! ^= 1;
    await writeFile(path, bytes);
    const again = await start('driver', 'of driver');
    await start('maker');
    const run = again.execute(dagOf(opened()), { key: 'k', collect: ['length'] });
    const events = await eventsOf(run);
    expect((await run).results).to.deep.equal({ length: LARGE + 1 });
    expect(recalledIn(events)).to.include('made');
    expect(startedIn(events).filter((id) => id === 'made')).to.have.length(1);
  });
});
