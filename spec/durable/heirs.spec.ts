import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Handoff, inspectNode, type NodeInspection } from '../../lib/handoff/index.js';
import { Dag, type DynamicDag, type NodeOptions } from '../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from '../scenarios/modules/stage.js';
import { event, loop, tasks } from '../scenarios/modules/watching.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';
import { eventsOf, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal, type Weather } from './faulty-journal.js';

const workers: NodeOptions = { capabilities: { cpu: 2 } };

/** Lets the event loop turn until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a durable run whose driver is gone', () => {
  let database: MemoryDatabase;
  let cluster: SpecCluster;
  /** What becomes of the writes of node `a`. */
  let weather: Weather;
  /** Resolves when nothing is left of a driver that was killed. */
  let remains: Promise<void> | undefined;

  async function startAll(options: NodeOptions = {}): Promise<Record<'a' | 'b' | 'c', Handoff>> {
    for (const [name, own] of [
      ['a', { capabilities: {} }],
      ['b', workers],
      ['c', workers],
    ] as const) {
      await cluster.start(name, { ...own, ...options });
    }
    for (const name of ['a', 'b', 'c'])
      await cluster.until(name, (nodes) => nodes.filter(({ capabilities }) => capabilities.cpu).length === 2);
    return { a: cluster.node('a'), b: cluster.node('b'), c: cluster.node('c') };
  }

  beforeEach(() => {
    clearStage();
    database = new MemoryDatabase();
    weather = { beforeWrite() {} };
    const openJournal = async (given: JournalOptions): Promise<Journal> => {
      const journal = await journals.memory(database, given);
      return given.node === 'a' ? faultyJournal(journal, { beforeWrite: (what, key) => weather.beforeWrite(what, key) }) : journal;
    };
    cluster = new SpecCluster({ openJournal });
  });
  afterEach(async () => {
    await remains;
    await cluster.stop();
  });

  /** On each worker a large value and a function that is held; then one that needs all of it. */
  const dagOf = (): DynamicDag => {
    const dag = Dag.dynamic('inherited');
    for (const node of ['b', 'c']) {
      dag
        .add({ id: `made-${node}`, code: tasks.large, node, cost: { cpu: 1 }, ...loop })
        .add({ id: `held-${node}`, code: tasks.heldLarge, node, args: [`made-${node}`], cost: { cpu: 1 }, ...loop });
    }
    return dag.add({ id: 'end', code: tasks.weigh, args: ['made-b', 'made-c', 'held-b', 'held-c'], cost: {}, ...loop });
  };
  /** In memory a driver that was killed still renews its lease, until it has ended. */
  const options = { key: 'k', durability: 'strict', collect: ['end'], waitMs: 1e9 } as const;

  /** Runs it from `a`; both functions are held when this resolves. */
  async function begun(a: Handoff, dag = dagOf()) {
    const run = a.execute(dag, options);
    const failure = caught(run);
    for (const node of ['b', 'c']) await event(run, 'function-started', `held-${node}`);
    for (const node of ['b', 'c']) await gateAt(`held-${node}`, node).reached;
    return { run, failure };
  }

  /** `a` dies, and its lease runs out. */
  async function killDriver(): Promise<void> {
    remains = cluster.kill('a');
    for (const name of ['b', 'c']) await cluster.until(name, (nodes) => nodes.length === 2);
    database.endLease('a');
  }

  function openGates(): void {
    for (const node of ['b', 'c']) gateAt(`held-${node}`, node).open();
  }

  const begins = (): Record<string, readonly string[]> =>
    Object.fromEntries(['made-b', 'made-c', 'held-b', 'held-c'].map((id) => [id, begunOn(id)]));
  const onceEach = { 'made-b': ['b'], 'made-c': ['c'], 'held-b': ['b'], 'held-c': ['c'] };

  it('is taken over by one of its guests: what runs goes on, large values are there, and each function runs once', async () => {
    const { a, b } = await startAll();
    const { run } = await begun(a);
    await killDriver();
    const heir = b.execute(dagOf(), options);
    for (const node of ['b', 'c']) await event(heir, 'function-started', `held-${node}`);
    openGates();
    expect((await heir).results).to.deep.equal({ end: 4 * LARGE_BYTES });
    expect(heir.id).to.equal(run.id);
    const events = await eventsOf(heir);
    expect(recalledIn(events).sort()).to.deep.equal(['made-b', 'made-c']);
    expect(startedIn(events).sort()).to.deep.equal(['end', 'held-b', 'held-c']);
    expect(events.filter(({ type }) => type === 'function-lost')).to.deep.equal([]);
    expect(begins()).to.deep.equal(onceEach);
    for (const name of ['b', 'c']) {
      await until(() => cluster.node(name)[inspectNode]().guestRuns === 0);
      expect(cluster.node(name)[inspectNode](), name).to.include({ isFree: true, running: 0, guestRuns: 0, runs: 0, farAttempts: 0 });
    }
  });

  for (const [who, name] of [
    ['a node that had no part in it', 'd'],
    ['its driver, which comes back', 'a'],
  ] as const) {
    it(`is taken over by ${who}`, async () => {
      const { a } = await startAll();
      await begun(a);
      await killDriver();
      const other = await cluster.start(name, { capabilities: {} });
      await cluster.until(name, (nodes) => nodes.filter(({ capabilities }) => capabilities.cpu).length === 2);
      const heir = other.execute(dagOf(), options);
      for (const node of ['b', 'c']) await event(heir, 'function-started', `held-${node}`);
      openGates();
      expect((await heir).results).to.deep.equal({ end: 4 * LARGE_BYTES });
      expect(begins()).to.deep.equal(onceEach);
    });
  }

  it('has what ended meanwhile: a success that nobody has recorded is told once, and does not run again', async () => {
    const { a, b } = await startAll();
    const { failure } = await begun(a);
    const writes = gate();
    // What `held` comes to gets no further than the memory of `a`.
    weather = { beforeWrite: () => writes.pass() };
    openGates();
    await writes.reached;
    await killDriver();
    const heir = b.execute(dagOf(), options);
    expect((await heir).results).to.deep.equal({ end: 4 * LARGE_BYTES });
    const events = await eventsOf(heir);
    for (const id of ['held-b', 'held-c']) {
      const told = events.filter((one) => one.type === 'function-succeeded' && one.functionId === id);
      expect(told.map((one) => 'source' in one && one.source)).to.deep.equal(['run']);
    }
    expect(begins()).to.deep.equal(onceEach);
    writes.open();
    expect(await failure).to.have.property('code');
  });

  it('leaves nothing to an heir that has another function in its place: what ran is stopped', async () => {
    const { a, b } = await startAll();
    await begun(a);
    await killDriver();
    const changed = Dag.dynamic('inherited')
      .add({ id: 'made-b', code: tasks.small, node: 'b', cost: { cpu: 1 }, ...loop })
      .add({ id: 'held-b', code: tasks.heldLarge, node: 'b', args: ['made-b'], cost: { cpu: 1 }, ...loop });
    const heir = b.execute(changed, { ...options, collect: ['held-b'] });
    await event(heir, 'function-started', 'held-b');
    await until(() => begunOn('held-b').length === 2);
    await until(() => cluster.node('c')[inspectNode]().running === 0);
    openGates();
    expect(((await heir).results['held-b'] as Uint8Array).length).to.equal(LARGE_BYTES);
  });

  it('is told to a driver that lives, at once, when another has taken it over: it rejects, and its attempts go on for the heir', async () => {
    const { a, b } = await startAll();
    const { failure, run } = await begun(a);
    database.endLease('a');
    const heir = b.execute(dagOf(), options);
    const error = await failure;
    expect(error).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: run.id });
    await event(heir, 'function-started', 'held-c');
    openGates();
    expect((await heir).results).to.deep.equal({ end: 4 * LARGE_BYTES });
    expect(begins()).to.deep.equal(onceEach);
  });

  it('keeps its large values when its driver is stopped properly; what ran is stopped with it', async () => {
    const { a, b } = await startAll();
    const { failure } = await begun(a);
    await a.stop({ graceMs: 0 });
    await failure;
    const heir = b.execute(dagOf(), options);
    for (const node of ['b', 'c']) await event(heir, 'function-started', `held-${node}`);
    openGates();
    expect((await heir).results).to.deep.equal({ end: 4 * LARGE_BYTES });
    expect(begins()).to.deep.equal({ ...onceEach, 'held-b': ['b', 'b'], 'held-c': ['c', 'c'] });
  });

  it('is dropped after orphanMs: what runs is stopped, and the memory is free', async () => {
    const { a } = await startAll({ orphanMs: 1 });
    await begun(a);
    await killDriver();
    for (const name of ['b', 'c']) {
      const inside = (): NodeInspection => cluster.node(name)[inspectNode]();
      await until(() => inside().running === 0 && inside().heldBytes === 0 && inside().isFree);
      expect(inside().guestRuns).to.equal(0);
    }
  });

  it('has files of what goes on for an heir with other functions beside it: none takes the place of another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'handoff-heirs-'));
    await cluster.start('a', { capabilities: {} });
    await cluster.start('b', { ...workers, dataDir: folder });
    await cluster.start('d', { capabilities: {} });
    const held = { id: 'held', code: tasks.heldLarge, node: 'b', cost: { cpu: 1 }, ...loop };
    const run = cluster.node('a').execute(Dag.dynamic('inherited').add(held), { ...options, collect: ['held'] });
    const failure = caught(run);
    await gateAt('held', 'b').reached;
    remains = cluster.kill('a');
    await cluster.until('d', (nodes) => nodes.length === 2);
    database.endLease('a');
    // Its number is that which `held` had.
    const wider = Dag.dynamic('inherited')
      .add({ id: 'made', code: tasks.large, node: 'b', cost: { cpu: 1 }, ...loop })
      .add(held)
      .add({ id: 'end', code: tasks.weigh, args: ['made', 'held'], node: 'b', cost: {}, ...loop });
    const heir = cluster.node('d').execute(wider, { ...options, collect: ['end'] });
    await event(heir, 'function-succeeded', 'made');
    gateAt('held', 'b').open();
    expect((await heir).results).to.deep.equal({ end: 2 * LARGE_BYTES });
    expect((await readdir(join(folder, 'values-of-others', run.id))).sort()).to.deep.equal(['1-0', '2-0']);
    expect([begunOn('made'), begunOn('held')]).to.deep.equal([['b'], ['b']]);
    await failure;
    await rm(folder, { recursive: true });
  });
});
