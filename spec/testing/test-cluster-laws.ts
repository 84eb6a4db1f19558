import { expect } from 'chai';
import { Dag, type FunctionSpec, functionsIn, type Handoff, HandoffError, type NodeOptions, type RunEvent } from '../../lib/index.js';
import { type ClusterTransport, TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { Door } from './door.js';

const tasks = functionsIn<typeof import('./modules/knocking.js')>(new URL('./modules/knocking.js', import.meta.url));
const quick: NodeOptions = { capabilities: { cpu: 4 }, threads: 1 };
const three: readonly NodeOptions[] = [quick, quick, quick];
const loop = { isolation: 'loop' } as const;

/** The first event of a type, of a function. */
async function event(run: AsyncIterable<RunEvent>, type: RunEvent['type'], functionId?: string): Promise<RunEvent> {
  for await (const one of run) {
    if (one.type === type && (functionId === undefined || (one as { functionId?: string }).functionId === functionId)) return one;
  }
  throw new Error(`the run ended without ${type}`);
}

/** Resolves when the members that a node sees up are these. */
async function untilUp(node: Handoff, ...names: readonly string[]): Promise<void> {
  for (;;) {
    const up = (await node.nodes()).filter(({ status }) => status === 'up').map(({ name }) => name);
    if (up.sort().join() === [...names].sort().join()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a cluster does wherever its nodes live. A file for each transport, so that they run beside each other. */
export function testClusterLaws(transport: ClusterTransport): void {
  describe(`TestCluster: ${transport}`, function () {
    this.timeout(480_000);
    let cluster: TestCluster;
    let n1: Handoff;
    let door: Door;
    let whole: TestCluster | undefined;
    const start = async (nodes: readonly NodeOptions[] = three): Promise<void> => {
      cluster = await TestCluster.start({ nodes, transport });
      n1 = cluster.node(cluster.names[0]!);
    };
    /** One that other specs have used, and left as it was: processes take their time to start. */
    const share = async (): Promise<void> => {
      whole ??= await TestCluster.start({ nodes: three, transport });
      cluster = whole;
      n1 = cluster.node('n1');
    };
    const on = (node: string, id: string): FunctionSpec =>
      ({ id, code: tasks.knock, extraArgs: [door.port, id, `${id} is done`], node, ...loop }) as unknown as FunctionSpec;
    const pidOn = async (node: string): Promise<number> => {
      const dag = Dag.dynamic(`pid-of-${node}`).add({ id: 'pid', code: tasks.pid, node, ...loop });
      return (await n1.execute(dag)).results.pid as number;
    };

    beforeEach(async () => {
      door = await Door.hang();
    });
    afterEach(async function () {
      if (this.currentTest?.isFailed()) whole = undefined;
      if (cluster !== whole) await cluster.stop();
      door.close();
    });
    after(() => whole?.stop());

    it('starts nodes that all know each other, and run what is pinned to them', async () => {
      await share();
      expect(cluster.names).to.deep.equal(['n1', 'n2', 'n3']);
      expect((await n1.nodes()).map(({ name, status }) => `${name} ${status}`)).to.deep.equal(['n1 up', 'n2 up', 'n3 up']);
      expect(await n1.discoverNodes()).to.deep.equal({ n1: { cpu: 4 }, n2: { cpu: 4 }, n3: { cpu: 4 } });
      const pids = [await pidOn('n1'), await pidOn('n2'), await pidOn('n3')];
      expect(new Set(pids).size).to.equal(transport === 'processes' ? 3 : 1);
    });

    it('gives the nodes of this process only', async () => {
      await share();
      expect(cluster.node('n1').name).to.equal('n1');
      if (transport === 'processes') expect(() => cluster.node('n2')).to.throw(TypeError, 'process of its own');
      else expect(cluster.node('n2').name).to.equal('n2');
      expect(() => cluster.node('n4')).to.throw(TypeError, 'n4');
    });

    it('gives each node its own options', async () => {
      const capabilities = { gpu: 1.5, licence: 2 };
      await start([quick, { name: 'with gpu', capabilities, heartbeat: { intervalMs: 100 }, loopConcurrency: 3 }]);
      expect(cluster.names).to.deep.equal(['n1', 'with gpu']);
      expect((await n1.discoverNodes())['with gpu']).to.deep.equal(capabilities);
      expect((await n1.status()).nodes.find(({ name }) => name === 'with gpu')!.capabilities).to.deep.equal(capabilities);
    });

    it('kills a node without a word: what it ran is run elsewhere', async () => {
      const withGpu = { ...quick, capabilities: { cpu: 4, gpu: 1 } };
      await start([quick, withGpu, withGpu]);
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
      await start();
      const run = n1.execute(Dag.dynamic('orphan').add(on('n2', 'held')));
      await door.knock('held');
      const ended = caught(run);
      await cluster.kill('n1');
      expect(await ended).to.have.property('code', 'HANDOFF_RUN_ABORTED');
      expect(await caught(cluster.node('n1').nodes())).to.have.property('code', 'HANDOFF_STOPPED');
      await cluster.restart('n1');
      n1 = cluster.node('n1');
      await untilUp(n1, 'n1', 'n2', 'n3');
      expect(await pidOn('n2')).to.be.a('number');
    });

    it('restarts a node under its name: another incarnation, with the same options', async () => {
      await start();
      const before = await pidOn('n2');
      await cluster.kill('n2');
      await cluster.restart('n2');
      await untilUp(n1, 'n1', 'n2', 'n3');
      if (transport === 'processes') expect(await pidOn('n2')).to.not.equal(before);
      expect((await n1.discoverNodes()).n2).to.deep.equal({ cpu: 4 });
      if (transport !== 'processes') await untilUp(cluster.node('n2'), 'n1', 'n2', 'n3');
    });

    it('restarts one that lives, and one after the other all of them', async () => {
      await start();
      for (const name of ['n3', 'n1', 'n2']) await cluster.restart(name);
      n1 = cluster.node('n1');
      await untilUp(n1, 'n1', 'n2', 'n3');
      expect(await pidOn('n2')).to.be.a('number');
      expect(await pidOn('n3')).to.be.a('number');
    });

    it('restarts several at once', async () => {
      await start();
      for (let n = 0; n < (transport === 'processes' ? 1 : 5); n += 1) {
        await Promise.all([cluster.kill('n2'), cluster.kill('n3')]);
        await Promise.all([cluster.restart('n2'), cluster.restart('n3')]);
        expect((await n1.nodes()).map(({ name, status }) => `${name} ${status}`)).to.deep.equal(['n1 up', 'n2 up', 'n3 up']);
      }
    });

    it('does not restart a node that reaches nobody, until it does', async () => {
      const patient = { ...quick, joinTimeoutMs: 3000 };
      await start([patient, patient, patient]);
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
      await start();
      await Promise.all(cluster.names.map((name) => cluster.kill(name)));
      for (const name of ['n1', 'n3', 'n2']) await cluster.restart(name);
      await untilUp(cluster.node('n1'), 'n1', 'n2', 'n3');
    });

    it('holds a paused node where it is until it is resumed', async () => {
      await share();
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
      await share();
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
      await start([impatient, impatient, impatient]);
      await cluster.pause('n2');
      await untilUp(n1, 'n1', 'n3');
      await cluster.resume('n2');
      await untilUp(n1, 'n1', 'n2', 'n3');
      expect(await pidOn('n2')).to.be.a('number');
    });

    it('kills and restarts a paused node', async () => {
      await start();
      await cluster.pause('n2');
      await cluster.kill('n2');
      await cluster.restart('n2');
      await untilUp(n1, 'n1', 'n2', 'n3');
      expect(await pidOn('n2')).to.be.a('number');
    });

    it('cuts the sides of a partition off from each other until it is healed', async () => {
      await share();
      await cluster.partition(['n1'], ['n2']);
      const run = n1.execute(Dag.dynamic('cut').add(on('n2', 'beyond')).add(on('n3', 'between')));
      (await door.knock('between')).open();
      await event(run, 'function-succeeded', 'between');
      expect(door.waiting).to.equal(0);
      await cluster.heal();
      (await door.knock('beyond')).open();
      expect((await run).results).to.deep.equal({ beyond: 'beyond is done', between: 'between is done' });
    });

    it('lets both sides of a long partition lose each other, and find each other when it is healed', async () => {
      const impatient = { ...quick, heartbeat: { intervalMs: 50, timeoutMs: 1000 } };
      await start([impatient, impatient, impatient]);
      await cluster.partition(['n1', 'n3'], ['n2']);
      await untilUp(n1, 'n1', 'n3');
      await cluster.heal();
      await untilUp(n1, 'n1', 'n2', 'n3');
    });

    it('keeps the faults of a link through a partition, and the partition through a change of faults', async () => {
      await share();
      await cluster.link('n1', 'n2').set({ stall: true });
      await cluster.partition(['n1'], ['n2']);
      await cluster.heal();
      const run = n1.execute(Dag.dynamic('both').add(on('n2', 'beyond')).add(on('n3', 'between')));
      (await door.knock('between')).open();
      await event(run, 'function-succeeded', 'between');
      await cluster.partition(['n1'], ['n2']);
      await cluster.link('n2', 'n1').set({});
      const other = n1.execute(Dag.dynamic('other').add(on('n3', 'again')));
      (await door.knock('again')).open();
      await other;
      expect(door.waiting).to.equal(0);
      await cluster.heal();
      (await door.knock('beyond')).open();
      await run;
    });

    it('delays what goes over a link', async () => {
      await share();
      await pidOn('n2');
      await cluster.link('n1', 'n2').set({ delayMs: 150 });
      const startedMs = performance.now();
      await pidOn('n2');
      // There and back; timers may fire a millisecond early.
      expect(performance.now() - startedMs).to.be.at.least(298);
      await cluster.link('n1', 'n2').set({});
      await pidOn('n2');
    });

    it('narrows a link', async () => {
      await share();
      await pidOn('n2');
      await cluster.link('n1', 'n2').set({ bytesPerSecond: 1_000_000 });
      const startedMs = performance.now();
      const dag = Dag.dynamic('narrow').add({ id: 'made', code: tasks.bytes, extraArgs: [300_000], node: 'n2', ...loop });
      const { results } = await n1.execute(dag);
      expect(results.made).to.have.lengthOf(300_000);
      expect(performance.now() - startedMs).to.be.at.least(298);
      await cluster.link('n1', 'n2').set({});
    });

    it('resets a link that has carried enough, and the run goes on over the next', async () => {
      await share();
      await pidOn('n2');
      await cluster.link('n1', 'n2').set({ resetAfterBytes: 200_000 });
      for (let n = 0; n < 3; n += 1) {
        const dag = Dag.dynamic('reset').add({ id: 'made', code: tasks.bytes, extraArgs: [150_000], node: 'n2', ...loop });
        expect((await n1.execute(dag)).results.made).to.have.lengthOf(150_000);
      }
      await cluster.link('n1', 'n2').set({});
    });

    it('makes the next attempts of a function fail, wherever they are', async () => {
      await share();
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
      await share();
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

    it('stops an attempt that is to fail later, on whatever node it is', async () => {
      await share();
      await cluster.faults.failFunction('held', { beforeMs: 50 });
      const run = n1.execute(Dag.dynamic('late').add({ ...on('n2', 'held'), retry: { initialDelayMs: 1 } }));
      await door.knock('held');
      await event(run, 'function-resting', 'held');
      (await door.knock('held')).open();
      expect((await run).results.held).to.equal('held is done');
      expect((await n1.status()).nodes.map(({ running }) => running)).to.deep.equal([0, 0, 0]);
    });

    it('fails an attempt that has succeeded before it is to fail, also one whose result stays where it is', async () => {
      await share();
      await cluster.faults.failFunction('made', { beforeMs: 50 });
      const dag = Dag.dynamic('early')
        .add({ id: 'made', code: tasks.bytes, extraArgs: [200_000], node: 'n2', retry: { initialDelayMs: 1 }, ...loop })
        .add({ id: 'counted', code: tasks.length, args: ['made'], node: 'n3', ...loop });
      const run = n1.execute(dag, { collect: ['counted'], retainMs: 0 });
      await event(run, 'function-resting', 'made');
      expect((await run).results).to.deep.equal({ counted: 200_000 });
    });

    it('crashes the actors of any node, and nothing is lost', async () => {
      await share();
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
      await share();
      for (const name of ['n1', 'n2']) {
        expect(await caught(cluster.faults.crashActor(name, 'Nobody')))
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .that.includes('Nobody');
        expect(await caught(cluster.faults.crashActor(name, 'DagRunner'))).to.be.instanceOf(TypeError);
      }
    });

    it('ends a node whose actors crash again and again, and restarts it', async () => {
      await start();
      const isMember = async (): Promise<boolean> => (await n1.nodes()).some(({ name }) => name === 'n2');
      while (await isMember()) await cluster.faults.crashActor('n2', 'Executor').catch(() => {});
      expect(await caught(cluster.faults.crashActor('n2', 'Executor'))).to.be.instanceOf(TypeError);
      await cluster.restart('n2');
      await untilUp(n1, 'n1', 'n2', 'n3');
    });

    it('ends everything with stop, once, whatever state the nodes are in', async () => {
      await start();
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
  });
}
