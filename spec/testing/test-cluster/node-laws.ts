import { expect } from 'chai';
import { Dag, HandoffError } from '../../../lib/index.js';
import { caught } from '../../support/caught.js';
import { type ClusterUnderTest, event, pidOn, quick, untilUp } from './cluster-under-test.js';

/** What a cluster does with whole nodes: it starts, kills, restarts, pauses and stops them. */
export function nodeLaws({ start, share, transport }: ClusterUnderTest): void {
  it('starts nodes that all know each other, and run what is pinned to them', async () => {
    const { cluster, n1 } = await share();
    expect(cluster.names).to.deep.equal(['n1', 'n2', 'n3']);
    expect((await n1.nodes()).map(({ name, status }) => `${name} ${status}`)).to.deep.equal(['n1 up', 'n2 up', 'n3 up']);
    expect(await n1.discoverNodes()).to.deep.equal({ n1: { cpu: 4 }, n2: { cpu: 4 }, n3: { cpu: 4 } });
    const pids = [await pidOn(n1, 'n1'), await pidOn(n1, 'n2'), await pidOn(n1, 'n3')];
    expect(new Set(pids).size).to.equal(transport === 'processes' ? 3 : 1);
  });

  it('gives the nodes of this process only', async () => {
    const { cluster } = await share();
    expect(cluster.node('n1').name).to.equal('n1');
    if (transport === 'processes') expect(() => cluster.node('n2')).to.throw(TypeError, 'process of its own');
    else expect(cluster.node('n2').name).to.equal('n2');
    expect(() => cluster.node('n4')).to.throw(TypeError, 'n4');
  });

  it('gives each node its own options', async () => {
    const capabilities = { gpu: 1.5, licence: 2 };
    const { cluster, n1 } = await start([quick, { name: 'with gpu', capabilities, heartbeat: { intervalMs: 100 }, loopConcurrency: 3 }]);
    expect(cluster.names).to.deep.equal(['n1', 'with gpu']);
    expect((await n1.discoverNodes())['with gpu']).to.deep.equal(capabilities);
    expect((await n1.status()).nodes.find(({ name }) => name === 'with gpu')!.capabilities).to.deep.equal(capabilities);
  });

  it('kills a node without a word: what it ran is run elsewhere', async () => {
    const withGpu = { ...quick, capabilities: { cpu: 4, gpu: 1 } };
    const { cluster, n1, door, on } = await start([quick, withGpu, withGpu]);
    const { node: _anywhere, ...held } = on('', 'held');
    const run = n1.execute(
      Dag.dynamic('killed')
        .add({ ...held, cost: { gpu: 1 } })
        .add(on('n1', 'here')),
    );
    const elsewhere = await door.knock('held');
    const at = ((await event(run, 'function-started', 'held')) as { node: string }).node;
    await cluster.kill(at);
    if (transport === 'processes') await elsewhere.gone;
    await event(run, 'function-lost', 'held');
    (await door.knock('held')).open();
    (await door.knock('here')).open();
    const { results, allocations } = await run;
    expect(results).to.deep.equal({ held: 'held is done', here: 'here is done' });
    expect(allocations.held).to.not.equal(at);
    expect((await n1.nodes()).map(({ name }) => name)).to.not.include(at);
  });

  it('kills a driver: its runs end nowhere else, and the others know', async () => {
    const { cluster, n1, door, on } = await start();
    const run = n1.execute(Dag.dynamic('orphan').add(on('n2', 'held')));
    await door.knock('held');
    const ended = caught(run);
    await cluster.kill('n1');
    expect(await ended).to.have.property('code', 'HANDOFF_RUN_ABORTED');
    expect(await caught(cluster.node('n1').nodes())).to.have.property('code', 'HANDOFF_STOPPED');
    await cluster.restart('n1');
    const again = cluster.node('n1');
    await untilUp(again, 'n1', 'n2', 'n3');
    expect(await pidOn(again, 'n2')).to.be.a('number');
  });

  it('restarts a node under its name: another incarnation, with the same options', async () => {
    const { cluster, n1 } = await start();
    const before = await pidOn(n1, 'n2');
    await cluster.kill('n2');
    await cluster.restart('n2');
    await untilUp(n1, 'n1', 'n2', 'n3');
    if (transport === 'processes') expect(await pidOn(n1, 'n2')).to.not.equal(before);
    expect((await n1.discoverNodes()).n2).to.deep.equal({ cpu: 4 });
    if (transport !== 'processes') await untilUp(cluster.node('n2'), 'n1', 'n2', 'n3');
  });

  it('restarts one that lives, and one after the other all of them', async () => {
    const { cluster } = await start();
    for (const name of ['n3', 'n1', 'n2']) await cluster.restart(name);
    const again = cluster.node('n1');
    await untilUp(again, 'n1', 'n2', 'n3');
    expect(await pidOn(again, 'n2')).to.be.a('number');
    expect(await pidOn(again, 'n3')).to.be.a('number');
  });

  it('restarts several at once', async () => {
    const { cluster, n1 } = await start();
    for (let n = 0; n < (transport === 'processes' ? 1 : 5); n += 1) {
      await Promise.all([cluster.kill('n2'), cluster.kill('n3')]);
      await Promise.all([cluster.restart('n2'), cluster.restart('n3')]);
      expect((await n1.nodes()).map(({ name, status }) => `${name} ${status}`)).to.deep.equal(['n1 up', 'n2 up', 'n3 up']);
    }
  });

  it('does not restart a node that reaches nobody, until it does', async () => {
    const patient = { ...quick, joinTimeoutMs: 3000 };
    const { cluster, n1 } = await start([patient, patient, patient]);
    await cluster.kill('n2');
    await cluster.partition(['n2'], ['n1', 'n3']);
    const error = await caught(cluster.restart('n2'));
    expect(error).to.have.property('code', transport === 'processes' ? 'HANDOFF_START_FAILED' : 'HANDOFF_JOIN_REFUSED');
    expect(await caught(cluster.pause('n2'))).to.be.instanceOf(TypeError);
    await cluster.heal();
    await cluster.restart('n2');
    await untilUp(n1, 'n1', 'n2', 'n3');
  });

  it('begins a new cluster with the first that is restarted when all are dead', async () => {
    const { cluster } = await start();
    await Promise.all(cluster.names.map((name) => cluster.kill(name)));
    for (const name of ['n1', 'n3', 'n2']) await cluster.restart(name);
    await untilUp(cluster.node('n1'), 'n1', 'n2', 'n3');
  });

  it('holds a paused node where it is until it is resumed', async () => {
    const { cluster, n1, door, on } = await share();
    await cluster.pause('n2');
    const run = n1.execute(Dag.dynamic('paused').add(on('n2', 'there')).add(on('n3', 'other')));
    (await door.knock('other')).open();
    await event(run, 'function-succeeded', 'other');
    expect(run.progress).to.include({ succeeded: 1, ready: 1 });
    expect(door.waiting).to.equal(0);
    await cluster.resume('n2');
    (await door.knock('there')).open();
    expect((await run).results).to.deep.equal({ there: 'there is done', other: 'other is done' });
  });

  it('holds a paused driver too', async () => {
    const { cluster, n1, door, on } = await share();
    await cluster.pause('n1');
    const run = n1.execute(Dag.dynamic('driver').add(on('n2', 'there')).add(on('n1', 'here')));
    (await door.knock('here')).open();
    await event(run, 'function-succeeded', 'here');
    expect(door.waiting).to.equal(0);
    await cluster.resume('n1');
    (await door.knock('there')).open();
    await run;
  });

  it('lets the others give up a node that is paused for too long, and takes it back when it is resumed', async () => {
    const impatient = { ...quick, heartbeat: { intervalMs: 50, timeoutMs: 1000 } };
    const { cluster, n1 } = await start([impatient, impatient, impatient]);
    await cluster.pause('n2');
    await untilUp(n1, 'n1', 'n3');
    await cluster.resume('n2');
    await untilUp(n1, 'n1', 'n2', 'n3');
    expect(await pidOn(n1, 'n2')).to.be.a('number');
  });

  it('kills and restarts a paused node', async () => {
    const { cluster, n1 } = await start();
    await cluster.pause('n2');
    await cluster.kill('n2');
    await cluster.restart('n2');
    await untilUp(n1, 'n1', 'n2', 'n3');
    expect(await pidOn(n1, 'n2')).to.be.a('number');
  });

  it('ends everything with stop, once, whatever state the nodes are in', async () => {
    const { cluster, n1, door, on } = await start();
    const run = n1.execute(Dag.dynamic('open').add(on('n2', 'held')).add(on('n3', 'other')));
    const ended = caught(run);
    const knocks = [await door.knock('held'), await door.knock('other')];
    await cluster.pause('n2');
    await cluster.partition(['n1'], ['n3']);
    const stopping = cluster.stop();
    expect(cluster.stop()).to.equal(stopping);
    await stopping;
    expect(await ended).to.have.property('code', 'HANDOFF_RUN_ABORTED');
    if (transport === 'processes') for (const { gone } of knocks) await gone;
    for (const call of [
      () => cluster.kill('n1'),
      () => cluster.restart('n1'),
      () => cluster.pause('n1'),
      () => cluster.resume('n1'),
      () => cluster.heal(),
      () => cluster.partition(['n1'], ['n2']),
      () => cluster.link('n1', 'n2').set({}),
      () => cluster.faults.failFunction('a', {}),
      () => cluster.faults.crashActor('n1', 'Allocator'),
    ]) {
      expect(await caught(call())).to.satisfy((error: unknown) => HandoffError.is(error, 'HANDOFF_STOPPED'));
    }
  });
}
