import { expect } from 'chai';
import { Dag, functionsIn } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gateOf } from '../support/modules/cluster-tasks.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const loop = { isolation: 'loop' } as const;

describe('nodes that come and go', () => {
  let cluster: SpecCluster;
  afterEach(() => cluster.stop());

  it('a function whose node is killed runs elsewhere, and that counts as no failure', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, b: { capabilities: { cpu: 1 } } });
    const dag = new Dag('killed').add({ id: 'held', code: tasks.heldOn, extraArgs: ['killed', 'b'], cost: { cpu: 1 }, ...loop });
    const run = cluster.node('a').execute(dag, { maxRetries: 0 });
    await gateOf('killed').reached;
    await cluster.start('c', { capabilities: { cpu: 1 } });
    await cluster.kill('b');
    const types: string[] = [];
    for await (const { type } of run) types.push(type);
    expect((await run).allocations).to.deep.equal({ held: 'c' });
    expect(types).to.include('function-lost');
    expect(types).to.not.include('function-failed');
  });

  it('a node that joins while a run waits is used by it', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: { gpu: 1 } } });
    const dag = new Dag('joins')
      .add({ id: 'first', code: tasks.held, extraArgs: ['joins'], cost: { gpu: 1 }, ...loop })
      .add({ id: 'second', code: tasks.where, cost: { gpu: 1 }, ...loop });
    const run = cluster.node('a').execute(dag);
    await gateOf('joins').reached;
    await cluster.start('b', { capabilities: { gpu: 1 } });
    for await (const event of run) if (event.type === 'function-succeeded' && event.functionId === 'second') gateOf('joins').open();
    expect((await run).allocations).to.deep.equal({ first: 'a', second: 'b' });
  });

  it('a function whose only node is gone waits lostNodeWaitMs for it, then fails and names it', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, b: { capabilities: { gpu: 1 } } });
    const dag = new Dag('only')
      .add({ id: 'held', code: tasks.held, extraArgs: ['only'], cost: { gpu: 1 }, ...loop })
      .add({ id: 'after', code: tasks.whereAfter, args: ['held'], cost: { gpu: 1 }, ...loop });
    const run = cluster.node('a').execute(dag, { lostNodeWaitMs: 30, onFailure: 'continue' });
    const failure = caught(run);
    await gateOf('only').reached;
    await cluster.kill('b');
    const error = await failure;
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'held', node: 'b', attempts: 0 });
    expect(error.cause).to.include({ code: 'HANDOFF_NODE_LOST', node: 'b' });
    expect(run.progress).to.include({ failed: 1, skipped: 1 });
  });

  it('a node that comes back in time gets the function that waited for it', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, b: {} });
    const dag = new Dag('back').add({ id: 'held', code: tasks.held, extraArgs: ['back'], node: 'b', ...loop });
    const run = cluster.node('a').execute(dag);
    await gateOf('back').reached;
    await cluster.kill('b');
    gateOf('back').open();
    await cluster.start('b', {});
    expect((await run).results).to.deep.equal({ held: 'b' });
  });

  it('a function that three nodes died of is given up', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, b: { capabilities: { cpu: 1 } } });
    const dag = new Dag('poison').add({ id: 'held', code: tasks.held, extraArgs: ['poison'], cost: { cpu: 1 }, ...loop });
    const run = cluster.node('a').execute(dag);
    const names = ['b', 'c', 'd'];
    for await (const event of run) {
      if (event.type !== 'function-started') continue;
      const next = names[names.indexOf(event.node) + 1];
      if (next) await cluster.start(next, { capabilities: { cpu: 1 } });
      await cluster.kill(event.node);
    }
    const error = await caught(run);
    expect(error.message).to.include('"b", "c", "d"');
    expect(error.cause).to.include({ code: 'HANDOFF_NODE_LOST' });
  });

  it('a node that is stopped hands over what its drivers still need, and takes nothing more', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: { cpu: 1 } }, b: {} });
    const size = 1_000_000;
    const dag = new Dag('drained')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [size], node: 'b', ...loop })
      .add({ id: 'held', code: tasks.held, extraArgs: ['drained'], cost: { cpu: 1 }, ...loop })
      .add({ id: 'counted', code: (bytes: Uint8Array, _held: string) => bytes.length, args: ['made', 'held'] });
    const run = cluster.node('a').execute(dag, { collect: 'sinks' });
    for await (const event of run) if (event.type === 'function-succeeded' && event.functionId === 'made') break;
    await cluster.node('b').stop();
    gateOf('drained').open();
    expect((await run).results).to.deep.equal({ counted: size });
  });

  it('what runs for a driver that is gone is stopped, and its claims are free', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: { cpu: 1 } }, b: { capabilities: {} } });
    const dag = new Dag('orphaned').add({ id: 'held', code: tasks.held, extraArgs: ['orphaned'], cost: { cpu: 1 }, ...loop });
    const run = cluster.node('b').execute(dag);
    const failure = caught(run);
    await gateOf('orphaned').reached;
    expect(await cluster.node('a').resourcesAvailable('a', { cpu: 1 })).to.equal(false);
    await cluster.kill('b');
    expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    await cluster.until('a', (nodes) => nodes.length === 1 && nodes[0]!.running === 0 && (nodes[0]!.used.cpu ?? 0) === 0);
  });

  it('a second node of a living name is refused', async () => {
    cluster = await SpecCluster.of({ a: {}, b: {} });
    expect(await caught(cluster.start('b', {}))).to.include({ code: 'HANDOFF_JOIN_REFUSED', reason: 'name-taken' });
  });
});
