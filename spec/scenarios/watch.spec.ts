import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import type { Handoff, Run, RunEvent } from '../../lib/index.js';
import { ClusterObserver, Dag, HandoffError } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const quiet = { listen: undefined } as const;

/** What identifies an event. */
const named = (event: RunEvent): string => ('functionId' in event ? `${event.type} ${event.functionId}` : event.type);

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** A run that is held in its second function. */
async function heldRun(driver: Handoff) {
  const held = gate();
  const dag = Dag.dynamic('d')
    .add({ id: 'first', code: () => console.log('first line') })
    .add({ id: 'held', code: () => held.pass(), args: ['first'] })
    .add({
      id: 'fails',
      code: () => {
        console.error('about to fail');
        throw new TypeError('no such thing');
      },
      args: ['held'],
      optional: true,
      maxRetries: 0,
    });
  const run: Run<unknown> = driver.execute(dag);
  await held.reached;
  return { run, held };
}

describe('a run that is watched from another node', () => {
  let cluster: SpecCluster;
  /** `hub` listens. `driver` and `reader` do not: they have no link with each other. */
  beforeEach(async () => {
    cluster = await SpecCluster.of({ hub: {}, driver: quiet, reader: quiet, member: {} });
  });
  afterEach(() => cluster.stop());

  for (const from of ['hub', 'member', 'reader', 'driver']) {
    it(`is seen from its first event to its end, by ${from}`, async () => {
      const { run, held } = await heldRun(cluster.node('driver'));
      const own = all(run);
      const watching = all(cluster.node(from).watch(run.id));
      const withOutput = all(cluster.node(from).watch(run.id, { output: true }));
      held.open();
      const seen = await watching;
      expect(seen.map(named)).to.deep.equal((await own).map(named));
      expect(seen.map(({ atMs, runId, dagId }) => [atMs, runId, dagId])).to.deep.equal(
        (await own).map(({ atMs, runId, dagId }) => [atMs, runId, dagId]),
      );
      const failed = seen.find((event) => event.type === 'function-failed');
      expect(HandoffError.is(failed?.error, 'HANDOFF_FUNCTION_FAILED')).to.equal(true);
      expect(failed?.error.cause).to.be.instanceOf(TypeError).and.to.have.property('message', 'no such thing');
      const end = seen.at(-1);
      if (end?.type !== 'run-completed') throw new Error('it has not completed');
      expect(end.allocations).to.deep.equal({ first: 'driver', held: 'driver' });
      if (from !== 'driver') expect(end.results).to.deep.equal({});
      expect(Object.keys(end.failures)).to.deep.equal(['fails']);
      const lines = (await withOutput).flatMap((event) => (event.type === 'function-output' ? [event] : []));
      expect(lines.map(({ functionId, stream, line, node, attempt }) => [functionId, stream, line, node, attempt])).to.deep.equal([
        ['first', 'stdout', 'first line', 'driver', 1],
        ['fails', 'stderr', 'about to fail', 'driver', 1],
      ]);
      expect((await withOutput).filter(({ type }) => type !== 'function-output').map(named)).to.deep.equal(seen.map(named));
      const late = await all(cluster.node(from).watch(run.id, { output: true }));
      expect(late.map(named), 'late').to.deep.equal((await withOutput).map(named));
    });
  }

  it('is seen by an observer, through a member, which it may change meanwhile', async () => {
    const { run, held } = await heldRun(cluster.node('driver'));
    const urls = ['hub', 'member'].map((name) => cluster.node(name).address!);
    const transport = cluster.network.transport('an observer');
    await using observer = await ClusterObserver.start({ join: urls, transport });
    expect((await observer.allRuns()).map(({ runId, state, driver }) => [runId, state, driver])).to.deep.equal([
      [run.id, 'running', 'driver'],
    ]);
    const seen: RunEvent[] = [];
    const watching = (async () => {
      for await (const event of observer.watch(run.id, { output: true })) seen.push(event);
    })();
    const isWaiting = (): boolean => cluster.node('driver')[inspectNode]().watchers > 0;
    while (seen.at(-1)?.type !== 'function-started' || !isWaiting()) await nextTurn();
    const asked = ['hub', 'member'].find((name) => cluster.node(name)[inspectNode]().watchers > 0)!;
    await cluster.kill(asked);
    while (!isWaiting()) await nextTurn();
    held.open();
    await watching;
    const own: RunEvent[] = [];
    for await (const event of cluster.node('driver').watch(run.id, { output: true })) own.push(event);
    expect(seen.map(named)).to.deep.equal(own.map(named));
  });

  it('is cancelled by an observer, through a member', async () => {
    const transport = cluster.network.transport('an observer');
    await using observer = await ClusterObserver.start({ join: [cluster.node('hub').address!], transport });
    for (const driver of ['driver', 'hub']) {
      const { run } = await heldRun(cluster.node(driver));
      const error = caught(run);
      await observer.cancel(run.id);
      expect(await error).to.have.property('code', 'HANDOFF_RUN_CANCELLED');
      // Once more is no error.
      await observer.cancel(run.id);
      expect((await observer.allRuns()).find(({ runId }) => runId === run.id)).to.have.property('state', 'cancelled');
    }
    const unknown = await caught(observer.cancel('no such run'));
    expect(HandoffError.is(unknown, 'HANDOFF_NOT_FOUND'), String(unknown)).to.equal(true);
  });

  it('is listed by every node, while it runs and when it has ended', async () => {
    const { run, held } = await heldRun(cluster.node('driver'));
    for (const from of ['hub', 'member', 'reader', 'driver']) {
      const [one, ...others] = await cluster.node(from).allRuns();
      expect(others).to.deep.equal([]);
      expect(one).to.deep.include({ runId: run.id, dagId: 'd', driver: 'driver', state: 'running' });
      expect(one!.progress).to.deep.include({ total: 3, running: 1, succeeded: 1, waiting: 1 });
      expect(one).to.not.have.property('endedAtMs');
    }
    held.open();
    await run;
    for (const from of ['hub', 'member', 'reader', 'driver']) {
      const [one] = await cluster.node(from).allRuns();
      expect(one).to.deep.include({ runId: run.id, state: 'completed' });
      expect(one!.progress).to.deep.include({ total: 3, succeeded: 2, failed: 1 });
      expect(one!.endedAtMs).to.be.at.least(one!.startedAtMs);
    }
  });

  it('is not found if no node knows it', async () => {
    for (const from of ['hub', 'reader']) {
      const error = await caught(all(cluster.node(from).watch('no such run')));
      expect(HandoffError.is(error, 'HANDOFF_NOT_FOUND'), String(error)).to.equal(true);
    }
  });

  for (const from of ['hub', 'reader']) {
    it(`is lost with its driver, for ${from}`, async () => {
      const { run } = await heldRun(cluster.node('driver'));
      run.catch(() => {});
      const events = cluster.node(from).watch(run.id)[Symbol.asyncIterator]();
      expect((await events.next()).value).to.have.property('type', 'run-started');
      const rest = caught(
        (async () => {
          while (!(await events.next()).done);
        })(),
      );
      await cluster.kill('driver');
      const error = await rest;
      expect(HandoffError.is(error, 'HANDOFF_NODE_LOST'), String(error)).to.equal(true);
      expect((error as { node?: string }).node).to.equal('driver');
      if (from === 'hub') {
        const later = await caught(all(cluster.node(from).watch(run.id)));
        expect(HandoffError.is(later, 'HANDOFF_NODE_LOST'), String(later)).to.equal(true);
      }
    });
  }

  it('ends with the iteration, also while it waits for an event, and its driver forgets the reader', async () => {
    const { run, held } = await heldRun(cluster.node('driver'));
    const before = inspected(cluster);
    for (const from of ['hub', 'reader', 'driver']) {
      const events = cluster.node(from).watch(run.id)[Symbol.asyncIterator]();
      let seen: IteratorResult<RunEvent>;
      do seen = await events.next();
      while (seen.value.type !== 'function-started' || seen.value.functionId !== 'held');
      const waiting = events.next();
      await events.return!();
      expect(await waiting).to.deep.equal({ value: undefined, done: true });
    }
    while (JSON.stringify(inspected(cluster)) !== JSON.stringify(before)) await nextTurn();
    held.open();
    await run;
  });

  it('ends with the node that watches', async () => {
    const { run, held } = await heldRun(cluster.node('driver'));
    const watching = caught(all(cluster.node('reader').watch(run.id)));
    await cluster.node('reader').stop({ graceMs: 0 });
    const error = await watching;
    expect(HandoffError.is(error, 'HANDOFF_STOPPED'), String(error)).to.equal(true);
    held.open();
    await run;
  });

  it('tells of the end when its driver stops', async () => {
    const { run } = await heldRun(cluster.node('driver'));
    run.catch(() => {});
    const seen: RunEvent[] = [];
    const watching = (async () => {
      for await (const event of cluster.node('member').watch(run.id)) seen.push(event);
      return seen;
    })();
    // It has read what there is, and waits for more.
    const isWaiting = (): boolean => cluster.node('driver')[inspectNode]().watchers > 0;
    while (seen.at(-1)?.type !== 'function-started' || !isWaiting()) await nextTurn();
    await cluster.node('driver').stop({ graceMs: 0 });
    const last = (await watching).at(-1);
    expect(last?.type === 'run-failed' && last.error.code).to.equal('HANDOFF_RUN_ABORTED');
  });
});

const inspected = (cluster: SpecCluster): unknown =>
  ['hub', 'driver', 'reader', 'member'].map((name) => {
    const { requests, watchers } = cluster.node(name)[inspectNode]();
    return { requests, watchers };
  });
