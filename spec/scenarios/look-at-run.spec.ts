import { expect } from 'chai';
import type { Handoff } from '../../lib/index.js';
import { ClusterObserver, Dag, HandoffError, onDriver } from '../../lib/index.js';
import type { FunctionDetail } from '../../lib/observe/views/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

describe('a run that is looked at', () => {
  let cluster: SpecCluster;
  let driver: Handoff;
  let observer: ClusterObserver;
  /** `driver` does not listen: what it answers passes through `hub`. */
  beforeEach(async () => {
    cluster = await SpecCluster.of({ hub: { capabilities: { cpu: 2, gpu: 1 } }, driver: { listen: undefined, capabilities: { cpu: 4 } } });
    driver = cluster.node('driver');
    observer = await ClusterObserver.start({ join: [cluster.node('hub').address!], transport: cluster.network.transport('an observer') });
  });
  afterEach(async () => {
    await observer.close();
    await cluster.stop();
  });

  const detail = async (runId: string, functionId: string): Promise<FunctionDetail> => {
    const { function: found } = await observer.view(runId, { view: 'function', functionId });
    if (!found) throw new Error(`there is no function "${functionId}"`);
    return found;
  };

  it('tells what each function waits for: values, room, a delay, a bound', async () => {
    const held = gate();
    const dag = Dag.dynamic('waits')
      .add({ id: 'held', code: () => held.pass(), node: onDriver(), cost: { cpu: 3 } })
      .add({ id: 'after', code: () => 1, args: ['held'] })
      .add({ id: 'large', code: () => 1, cost: { cpu: 4 }, node: onDriver() })
      .add({
        id: 'again',
        code: () => {
          throw new TypeError('not yet', { cause: new Error('a reason') });
        },
        maxRetries: 1,
        retry: { initialDelayMs: 30_000, jitter: 0 },
      })
      .add({ id: 'xs', code: () => [1, 2, 3] })
      .map({ id: 'ys', over: 'xs', code: (x: number) => held.pass().then(() => x), concurrency: 1, cost: { cpu: 0 } });
    const run = driver.execute(dag);
    const ended = caught(run);
    await held.reached;
    const waitFor = async (functionId: string, isSo: (one: FunctionDetail) => boolean): Promise<FunctionDetail> => {
      for (;;) {
        const found = await observer.view(run.id, { view: 'function', functionId });
        if (found.function && isSo(found.function)) return found.function;
      }
    };
    const after = await detail(run.id, 'after');
    expect([after.state, after.wait!.for, after.wait!.producers]).to.deep.equal([
      'waiting',
      'producers',
      [{ functionId: 'held', state: 'running' }],
    ]);
    const large = await waitFor('large', ({ state }) => state === 'ready');
    expect(large.wait).to.include({ for: 'room' });
    expect(large.wait!.lacking.map(({ node, lacking }) => [node, Object.keys(lacking)])).to.deep.equal([['driver', ['cpu']]]);
    expect(large.wait!.lacking[0]!.lacking).to.deep.equal({ cpu: 3 });
    const again = await waitFor('again', ({ state }) => state === 'resting');
    expect(again.wait!.for).to.equal('delay');
    expect(again.wait!.untilMs).to.be.within(30_000, 90_000);
    expect(again.error).to.include({ name: 'TypeError', message: 'not yet' });
    expect(again.error!.stack).to.include('look-at-run.spec.ts');
    expect(again.error!.cause).to.include({ name: 'Error', message: 'a reason' });
    expect(again.history.map(({ outcome, node }) => [outcome, node])).to.deep.equal([['failed', again.node]]);
    const second = await waitFor('ys[1]', ({ state }) => state === 'waiting');
    expect(second.wait).to.deep.include({ for: 'bound', producers: [{ functionId: 'ys', state: 'running' }] });
    expect(second.partOf).to.deep.equal({ functionId: 'ys', state: 'running' });
    expect((await detail(run.id, 'held')).startMs).to.be.at.least(0);
    const { running } = await observer.view(run.id, { view: 'timeline', fromMs: 0, toMs: 1e6, widthPx: 100 });
    expect(running.map(({ functionId, node }) => [functionId, node])).to.deep.include(['held', 'driver']);
    held.open();
    await run.cancel();
    await ended;
  });

  it('tells that the limit of the run is what a function waits for', async () => {
    const held = gate();
    const dag = Dag.dynamic('limit')
      .add({ id: 'a', code: () => held.pass() })
      .add({ id: 'b', code: () => 1 });
    const run = driver.execute(dag, { maxConcurrency: 1 });
    await held.reached;
    expect((await detail(run.id, 'b')).wait).to.deep.include({ for: 'bound', producers: [], lacking: [] });
    held.open();
    await run;
  });

  it('shows all that there is after its end, also if it failed or was cancelled, until it is retained no more', async () => {
    const fails = Dag.dynamic('fails')
      .add({ id: 'in-1', code: () => console.log('a line') })
      .add({
        id: 'bad',
        code: () => {
          throw new RangeError('too bad');
        },
        args: ['in-1'],
        maxRetries: 0,
      })
      .add({ id: 'skipped', code: () => 1, args: ['bad'] });
    const run = driver.execute(fails, { onFailure: 'continue' });
    await caught(run);
    const { run: header, groups } = await observer.view(run.id, { view: 'groups' });
    expect(header).to.deep.include({ state: 'failed', dagId: 'fails', driver: 'driver', progress: run.progress });
    expect(header.error).to.include({ name: 'HandoffError', code: 'HANDOFF_FUNCTION_FAILED' });
    expect(groups.map(({ group, attempts }) => [group, attempts])).to.deep.equal([
      ['in-*', 1],
      ['bad', 1],
      ['skipped', 0],
    ]);
    const bad = await detail(run.id, 'bad');
    expect(bad).to.deep.include({ state: 'failed', code: 'code', isolation: 'loop' });
    expect(bad.error).to.include({ name: 'RangeError', message: 'too bad' });
    expect((await detail(run.id, 'skipped')).skippedFor).to.equal('producer-failed');
    const { lines, sizeBytes } = await detail(run.id, 'in-1');
    expect(lines.map(({ line, stream }) => [line, stream])).to.deep.equal([['a line', 'stdout']]);
    expect(sizeBytes).to.be.a('number');
    const { failures, criticalPath } = await observer.view(run.id, { view: 'summary' });
    expect(failures.map(({ functionId }) => functionId)).to.deep.equal(['bad']);
    expect(criticalPath.map(({ functionId }) => functionId)).to.deep.equal(['in-1']);
    const forgotten = driver.execute(Dag.dynamic('short').add({ id: 'a', code: () => 1 }), { retainMs: 0 });
    await forgotten;
    const error = await caught(observer.view(forgotten.id, { view: 'groups' }));
    expect(HandoffError.is(error, 'HANDOFF_NOT_FOUND')).to.equal(true);
  });

  it('shows maps and expansions with what they have added', async () => {
    const inner = (): Dag => Dag.dynamic('inner').add({ id: 'one', code: () => 1 }) as unknown as Dag;
    const dag = Dag.dynamic('grows')
      .add({ id: 'xs', code: () => [1, 2, 3] })
      .map({ id: 'ys', over: 'xs', code: (x: number) => x * 2 })
      .expand({ id: 'grow', code: inner })
      .add({ id: 'end', code: () => 1, args: ['ys', 'grow'] });
    const run = driver.execute(dag);
    await run;
    const { functions } = await observer.view(run.id, { view: 'functions', sort: 'order', offset: 0, limit: 500 });
    expect(functions.map(({ functionId }) => functionId)).to.have.members([
      'xs',
      'ys',
      'grow',
      'end',
      'ys[0]',
      'ys[1]',
      'ys[2]',
      'grow/one',
    ]);
    expect(functions.every(({ state }) => state === 'succeeded')).to.equal(true);
    expect((await detail(run.id, 'grow/one')).partOf).to.deep.equal({ functionId: 'grow', state: 'succeeded' });
    const { criticalPath, attempts } = await observer.view(run.id, { view: 'summary' });
    expect(criticalPath.at(-1)!.functionId).to.equal('end');
    expect(criticalPath.length).to.be.within(2, 3);
    expect(attempts).to.equal(7);
    const { edges, nodes } = await observer.view(run.id, { view: 'graph' });
    const labels = edges.map(([from, to]) => `${nodes[from]!.label} ${nodes[to]!.label}`);
    expect(labels).to.include.members(['xs ys', 'xs ys[1]', 'ys[1] ys', 'grow/one grow', 'ys end', 'grow end']);
  });

  it('refuses what is no question, with what is wrong about it', async () => {
    const run = driver.execute(Dag.dynamic('d').add({ id: 'a', code: () => 1 }));
    await run;
    expect(await caught(observer.view(run.id, { view: 'nonsense' } as never)))
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.includes('view must be one of groups');
    for (const runId of [5, '', undefined, 'half a \ud800']) {
      for (const wrong of [observer.view(runId as string, { view: 'groups' }), observer.cancel(runId as string)]) {
        expect(await caught(wrong))
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .that.matches(/^runId /);
      }
    }
    const { function: none } = await observer.view(run.id, { view: 'function', functionId: 'nothing' });
    expect(none).to.equal(undefined);
  });
});
