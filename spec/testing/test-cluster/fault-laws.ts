import { expect } from 'chai';
import { Dag, functionsIn } from '../../../lib/index.js';
import { caught } from '../../support/caught.js';
import { type ClusterUnderTest, event, loop, tasks, untilUp } from './cluster-under-test.js';

const expanding = functionsIn<typeof import('../../support/modules/expanding.js')>(
  new URL('../../support/modules/expanding.js', import.meta.url),
);

/** What a cluster does to functions, which it fails, and to actors, which it crashes. */
export function faultLaws({ start, share }: ClusterUnderTest): void {
  it('makes the next attempts of a function fail, wherever they are', async () => {
    const { cluster, n1 } = await share();
    const error = new RangeError('on purpose');
    await cluster.faults.failFunction('far', { times: 2, error });
    const retry = { initialDelayMs: 1 };
    const dag = Dag.dynamic('failing')
      .add({ id: 'far', code: tasks.pid, node: 'n2', retry, ...loop })
      .add({ id: 'near', code: tasks.pid, node: 'n1', retry, ...loop });
    const run = n1.execute(dag);
    const events: string[] = [];
    for await (const one of run) if ('functionId' in one) events.push(`${one.functionId} ${one.type.replace('function-', '')}`);
    await run;
    const far = events.filter((one) => one.startsWith('far')).map((one) => one.slice(4));
    expect(far).to.deep.equal(['ready', 'started', 'resting', 'ready', 'started', 'resting', 'ready', 'started', 'succeeded']);
    expect(events.filter((one) => one.startsWith('near'))).to.deep.equal(['near ready', 'near started', 'near succeeded']);
    // They are used up.
    await n1.execute(Dag.dynamic('again').add({ id: 'far', code: tasks.pid, node: 'n2', maxRetries: 0, ...loop }));
  });

  it('fails the function itself when no attempt is left, with the error that was given', async () => {
    const { cluster, n1 } = await share();
    await cluster.faults.failFunction('far', { times: 2, error: new RangeError('on purpose') });
    const dag = Dag.dynamic('failed').add({
      id: 'far',
      code: tasks.pid,
      node: 'n2',
      maxRetries: 1,
      retry: { initialDelayMs: 1 },
      ...loop,
    });
    const error = await caught(n1.execute(dag));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'far', attempts: 2 });
    expect(error.cause).to.be.instanceOf(RangeError).with.property('message', 'on purpose');
  });

  it('fails one element of a map, and one function of an expansion', async () => {
    const { cluster, n1 } = await share();
    await cluster.faults.failFunction('ys[1]', { times: 2 });
    await cluster.faults.failFunction('e/a', { times: 1 });
    const dag = Dag.dynamic('parts')
      .input('xs')
      .map({ id: 'ys', over: 'xs', code: expanding.lengthOf, optional: true, maxRetries: 1, retry: { initialDelayMs: 1 }, ...loop })
      .expand({ id: 'e', code: expanding.places, ...loop });
    const run = n1.execute(dag, { inputs: { xs: [['x'], ['x'], ['x']] } });
    const resting: string[] = [];
    for await (const one of run) if (one.type === 'function-resting') resting.push(one.functionId);
    const { results, failures } = await run;
    expect(results.ys).to.deep.equal([1, undefined, 1]);
    expect(Object.keys(results.e as object)).to.deep.equal(['a', 'b']);
    expect(Object.keys(failures)).to.deep.equal(['ys[1]']);
    expect(resting.sort()).to.deep.equal(['e/a', 'ys[1]']);
  });

  it('stops an attempt that is to fail later, on whatever node it is', async () => {
    const { cluster, n1, door, on } = await share();
    await cluster.faults.failFunction('held', { beforeMs: 50 });
    const run = n1.execute(Dag.dynamic('late').add({ ...on('n2', 'held'), retry: { initialDelayMs: 1 } }));
    await door.knock('held');
    await event(run, 'function-resting', 'held');
    (await door.knock('held')).open();
    expect((await run).results.held).to.equal('held is done');
    expect((await n1.status()).nodes.map(({ running }) => running)).to.deep.equal([0, 0, 0]);
  });

  it('fails an attempt that has succeeded before it is to fail, also one whose result stays where it is', async () => {
    const { cluster, n1 } = await share();
    await cluster.faults.failFunction('made', { beforeMs: 50 });
    const dag = Dag.dynamic('early')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [200_000], node: 'n2', retry: { initialDelayMs: 1 }, ...loop })
      .add({ id: 'counted', code: tasks.length, args: ['made'], node: 'n3', ...loop });
    const run = n1.execute(dag, { collect: ['counted'], retainMs: 0 });
    await event(run, 'function-resting', 'made');
    expect((await run).results).to.deep.equal({ counted: 200_000 });
  });

  it('crashes the actors of any node, and nothing is lost', async () => {
    const { cluster, n1, door, on } = await share();
    const dag = Dag.dynamic('crashes').add(on('n2', 'a')).add(on('n3', 'b')).add(on('n1', 'c'));
    const run = n1.execute(dag);
    const knocks = [await door.knock('a'), await door.knock('b'), await door.knock('c')];
    await Promise.all([
      ...['LocalStore', 'PeerHub', 'NodeRegistry'].map((actor) => cluster.faults.crashActor('n2', actor)),
      ...['Allocator', 'Executor'].map((actor) => cluster.faults.crashActor('n3', actor)),
      cluster.faults.crashActor('n1', `DagRunner ${run.id}`),
    ]);
    await cluster.faults.crashActor('n1', 'Allocator');
    for (const knock of knocks) knock.open();
    expect((await run).results).to.deep.equal({ a: 'a is done', b: 'b is done', c: 'c is done' });
    const tree = await n1.supervisionTree();
    expect(tree.children.find(({ name }) => name === 'Allocator')!.restarts).to.equal(1);
  });

  it('refuses to crash an actor that a node does not have', async () => {
    const { cluster } = await share();
    for (const name of ['n1', 'n2']) {
      expect(await caught(cluster.faults.crashActor(name, 'Nobody')))
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.includes('Nobody');
      expect(await caught(cluster.faults.crashActor(name, 'DagRunner'))).to.be.instanceOf(TypeError);
    }
  });

  it('ends a node whose actors crash again and again, and restarts it', async () => {
    const { cluster, n1 } = await start();
    const isMember = async (): Promise<boolean> => (await n1.nodes()).some(({ name }) => name === 'n2');
    while (await isMember()) await cluster.faults.crashActor('n2', 'Executor').catch(() => {});
    expect(await caught(cluster.faults.crashActor('n2', 'Executor'))).to.be.instanceOf(TypeError);
    await cluster.restart('n2');
    await untilUp(n1, 'n1', 'n2', 'n3');
  });
}
