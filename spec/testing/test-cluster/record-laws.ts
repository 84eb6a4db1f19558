import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, type DynamicDag, type Run, type RunEvent } from '../../../lib/index.js';
import type { TestCluster } from '../../../lib/testing/index.js';
import { caught } from '../../support/caught.js';
import { spyLogger } from '../../support/spy-logger.js';
import type { Door } from '../door.js';
import { type ClusterUnderTest, event, loop, quick, tasks } from './cluster-under-test.js';

/** What a cluster does to drivers of durable runs: they die and come back with their folder, and their journals fail. */
export function recordLaws({ start, share, transport }: ClusterUnderTest): void {
  let folder: string | undefined;
  let count = 0;
  let logger: ReturnType<typeof spyLogger>;
  beforeEach(async () => {
    folder ??= await mkdtemp(join(tmpdir(), 'handoff-restart-'));
    logger = spyLogger();
  });
  after(() => (folder === undefined ? undefined : rm(folder, { recursive: true, force: true })));

  const alone = () => {
    count += 1;
    return start([{ ...quick, dataDir: join(folder!, `data ${count}`), logger }]);
  };
  const chainFor = ({ port }: Door): DynamicDag => {
    const held = (id: string, before: string): Parameters<DynamicDag['add']>[0] =>
      ({ id, code: tasks.knockAfter, args: [before], extraArgs: [port, id], ...loop }) as unknown as Parameters<DynamicDag['add']>[0];
    return Dag.dynamic('chain').input('in').add(held('a', 'in')).add(held('b', 'a')).add(held('c', 'b'));
  };
  const execute = (cluster: TestCluster, dag: DynamicDag): Run<unknown> =>
    cluster.node('n1').execute(dag, { key: 'k', durability: 'strict', inputs: { in: 1 } });
  /** The functions that ran, and those that were taken from the record. */
  const told = async (run: Run<unknown>): Promise<readonly string[]> => {
    const all: RunEvent[] = [];
    for await (const one of run) all.push(one);
    return all.flatMap((one) => {
      if (one.type === 'function-started') return [`${one.functionId} ran`];
      return one.type === 'function-succeeded' && one.source === 'journal' ? [`${one.functionId} recorded`] : [];
    });
  };
  /** Resolves when durable runs pause. */
  const untilPaused = async (): Promise<void> => {
    while (!logger.lines.some(({ message }) => /durable runs pause/.test(message))) await new Promise((resolve) => setImmediate(resolve));
  };

  it('restarts a driver with its folder: what was recorded does not run again', async () => {
    const { cluster, door } = await alone();
    const dag = chainFor(door);
    const run = execute(cluster, dag);
    const ended = caught(run);
    (await door.knock('a')).open();
    await door.knock('b');
    await cluster.kill('n1');
    expect(await ended).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    await cluster.restart('n1');
    expect((await cluster.node('n1').runs()).map(({ key, state }) => [key, state])).to.deep.equal([['k', 'interrupted']]);
    const again = execute(cluster, dag);
    const events = told(again);
    (await door.knock('b')).open();
    (await door.knock('c')).open();
    await again;
    expect(await events).to.deep.equal(['a recorded', 'b ran', 'c ran']);
  });

  it('refuses to harm a journal that a node does not have, or that is in another process', async () => {
    const { cluster } = await share();
    const [own, far] = await Promise.all(['n1', 'n2'].map((name) => caught(cluster.faults.journal(name, {}))));
    expect(own).to.be.instanceOf(TypeError).with.property('message').that.includes('neither a dataDir nor a journal');
    expect(far).to.be.instanceOf(TypeError);
    expect(far!.message).to.include(transport === 'processes' ? 'process of its own' : 'neither a dataDir nor a journal');
  });

  // Where a node lives makes no difference to the rest.
  if (transport !== 'memory') return;

  it('lets a killed driver record nothing more, and does not wait for its journal', async () => {
    const { cluster, door } = await alone();
    const dag = chainFor(door);
    const run = cluster.node('n1').execute(dag, { key: 'k', inputs: { in: 1 } });
    const ended = caught(run);
    const knock = await door.knock('a');
    await cluster.faults.journal('n1', { delayMs: 3_600_000 });
    knock.open();
    await event(run, 'function-succeeded', 'a');
    await door.knock('b');
    await cluster.restart('n1');
    await ended;
    const again = execute(cluster, dag);
    const events = told(again);
    for (const id of ['a', 'b', 'c']) (await door.knock(id)).open();
    await again;
    expect(await events).to.deep.equal(['a ran', 'b ran', 'c ran']);
  });

  it('fails the writes of a journal for the reason given, until that is over', async () => {
    const { cluster, door } = await alone();
    await cluster.faults.journal('n1', { failWrites: 'full' });
    expect(await caught(execute(cluster, chainFor(door)))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
    await cluster.faults.journal('n1', {});
    const run = execute(cluster, chainFor(door));
    const knock = await door.knock('a');
    await cluster.faults.journal('n1', { failWrites: true });
    knock.open();
    await untilPaused();
    expect(door.waiting).to.equal(0);
    await cluster.faults.journal('n1', {});
    for (const id of ['b', 'c']) (await door.knock(id)).open();
    await run;
  });

  it('tears a group: it is not in the record when the driver comes back, and the fault is over', async () => {
    const { cluster, door } = await alone();
    const dag = chainFor(door);
    const ended = caught(execute(cluster, dag));
    const knock = await door.knock('a');
    await cluster.faults.journal('n1', { tearAt: 1 });
    knock.open();
    (await door.knock('b')).open();
    await untilPaused();
    expect(door.waiting).to.equal(0);
    await cluster.restart('n1');
    await ended;
    const again = execute(cluster, dag);
    const events = told(again);
    for (const id of ['b', 'c']) (await door.knock(id)).open();
    await again;
    expect(await events).to.deep.equal(['a recorded', 'b ran', 'c ran']);
  });

  it('delays the writes of a journal', async () => {
    const { cluster, door } = await alone();
    await cluster.faults.journal('n1', { delayMs: 60 });
    const startedMs = performance.now();
    const run = execute(cluster, chainFor(door));
    for (const id of ['a', 'b', 'c']) (await door.knock(id)).open();
    await run;
    // The opening, three successes, the end; timers may fire a millisecond early.
    expect(performance.now() - startedMs).to.be.at.least(5 * 59);
  });

  it('refuses faults that a journal cannot have, and nodes that are not there', async () => {
    const { cluster } = await share();
    for (const [faults, message] of [
      [{ failWrites: 'soon' }, /failWrites.*'full'.*"soon"/],
      [{ loseAnswers: 1 }, /loseAnswers/],
      [{ delayMs: -1 }, /delayMs/],
      [{ tearAt: 0.5 }, /tearAt/],
      [{ lose: 1 }, /lose/],
      [undefined, /faults/],
    ] as const)
      expect((await caught(cluster.faults.journal('n1', faults as never))).message).to.match(message);
    expect((await caught(cluster.faults.journal('n9', {}))).message).to.include('n9');
  });
}
