import { expect } from 'chai';
import { type ActorRef, Dag, functionsIn, Handoff, type RunEvent, type SupervisionTree } from '../../lib/index.js';
import { kill } from '../../lib/supervisor.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));
const STATIONS = ['LocalStore', 'PeerHub', 'NodeRegistry', 'Allocator', 'Executor'] as const;
const start = (): Promise<Handoff> => Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
const find = (tree: SupervisionTree, name: string): SupervisionTree | undefined =>
  tree.name === name ? tree : tree.children.map((child) => find(child, name)).find((found) => found);

/** Kills the DagRunner of a run as often as is said, each incarnation once. */
async function killRunner(handoff: Handoff, runId: string, times: number): Promise<void> {
  let gone: ActorRef<unknown> | undefined;
  for (let killed = 0; killed < times; ) {
    const ref = handoff.whereis(`DagRunner ${runId}`);
    if (ref && ref !== gone) {
      kill(ref);
      gone = ref;
      killed += 1;
    }
    await handoff.nodes();
  }
}

describe('the supervision of a node', () => {
  it('is a tree of the stations and of one DagRunner for each run', async () => {
    await using handoff = await start();
    const held = gate();
    const run = handoff.execute(new Dag('shown').add({ id: 'f', code: () => held.pass() }));
    await held.reached;
    const tree = await handoff.supervisionTree();
    expect(tree).to.include({ type: 'supervisor', restarts: 0 });
    expect(tree.children.map(({ name, type }) => [name, type])).to.deep.equal([
      ...STATIONS.map((name) => [name, 'worker']),
      ['Runs', 'supervisor'],
    ]);
    const runs = async (): Promise<SupervisionTree['children']> => find(await handoff.supervisionTree(), 'Runs')!.children;
    const runner = { name: `DagRunner ${run.id}`, type: 'worker', children: [] };
    expect(await runs()).to.deep.equal([{ ...runner, restarts: 0 }]);
    await killRunner(handoff, run.id, 1);
    expect(await runs()).to.deep.equal([{ ...runner, restarts: 1 }]);
    held.open();
    await run;
    while ((await runs()).length > 0) await handoff.nodes();
  });

  for (const name of STATIONS) {
    it(`restarts ${name} when it crashes, at no cost to a run or a result`, async () => {
      await using handoff = await start();
      await handoff.storeValue('d', 'kept', 1);
      const calls: string[] = [];
      const held = gate();
      const dag = Dag.dynamic('d')
        .input('kept')
        .add({ id: 'before', code: () => calls.push('before') })
        .add({ id: 'during', code: () => held.pass().then(() => calls.push('during')), args: ['before'] })
        .add({ id: 'in-thread', code: tasks.double, args: ['kept'] })
        .add({ id: 'after', code: (...all: unknown[]) => [...calls, ...all.slice(1)], args: ['during', 'in-thread'] });
      const run = handoff.execute(dag);
      await held.reached;
      const before = handoff.whereis(name)!;
      kill(before);
      expect(await handoff.getLocalValue('d', 'kept')).to.equal(1);
      expect(await handoff.resourcesAvailable('here', { cpu: 3 })).to.equal(false);
      expect((await handoff.nodes()).map((node) => node.name)).to.deep.equal(['here']);
      expect(handoff.whereis(name)).not.to.equal(before);
      held.open();
      expect((await run).results.after).to.deep.equal(['before', 'during', 2]);
      expect(find(await handoff.supervisionTree(), name)!.restarts).to.equal(1);
    });
  }

  it('restarts a DagRunner in the middle of its run, which goes on where it was', async () => {
    await using handoff = await start();
    const calls: string[] = [];
    const held = gate();
    const dag = Dag.dynamic()
      .add({ id: 'a', code: () => calls.push('a') })
      .add({ id: 'b', code: () => held.pass().then(() => calls.push('b')), args: ['a'] })
      .add({ id: 'thread', code: tasks.add, extraArgs: [1, 2] })
      .add({ id: 'c', code: () => calls.push('c'), args: ['b', 'thread'] });
    const run = handoff.execute(dag);
    await held.reached;
    await killRunner(handoff, run.id, 2);
    held.open();
    await run;
    expect(calls).to.deep.equal(['a', 'b', 'c']);
  });

  it('goes on with every run under another supervisor of runs, when that one crashes', async () => {
    await using handoff = await start();
    const calls: string[] = [];
    const gates = [gate(), gate()];
    const runs = gates.map((held, at) =>
      handoff.execute(
        Dag.dynamic(`run ${at}`)
          .add({ id: 'a', code: () => held.pass().then(() => calls.push(`a${at}`)) })
          .add({ id: 'b', code: () => calls.push(`b${at}`), args: ['a'] }),
      ),
    );
    await Promise.all(gates.map(({ reached }) => reached));
    for (let times = 0; times < 3; times += 1) {
      kill(handoff.whereis('Runs')!);
      await handoff.nodes();
      for (const { id } of runs) while (!handoff.whereis(`DagRunner ${id}`)) await handoff.nodes();
    }
    for (const held of gates) held.open();
    await Promise.all(runs);
    expect(calls.sort()).to.deep.equal(['a0', 'a1', 'b0', 'b1']);
    expect(find(await handoff.supervisionTree(), 'Runs')).to.include({ restarts: 3 });
  });

  it('ends only the run whose DagRunner crashes again and again', async () => {
    await using handoff = await start();
    const held = gate();
    const other = gate();
    const run = handoff.execute(new Dag('poor').add({ id: 'f', code: () => held.pass() }), { stopGraceMs: 0 });
    const fine = handoff.execute(new Dag('fine').add({ id: 'f', code: () => other.pass().then(() => 'fine') }));
    const failure = caught(run);
    await Promise.all([held.reached, other.reached]);
    await killRunner(handoff, run.id, 3);
    expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED', dagId: 'poor' });
    other.open();
    expect((await fine).results.f).to.equal('fine');
    expect(await handoff.resourcesAvailable('here', { cpu: 2 })).to.equal(true);
    expect((await handoff.nodes())[0]!.running).to.equal(0);
  });

  it('stops the node, and says so, when a station crashes again and again', async () => {
    const handoff = await start();
    const held = gate();
    const failure = caught(handoff.execute(new Dag('aborted').add({ id: 'f', code: () => held.pass() })));
    await held.reached;
    for (let crash = 0; crash < 4; crash += 1) {
      const ref = handoff.whereis('Executor');
      if (!ref) break;
      kill(ref);
      if (crash < 3) await handoff.nodes();
    }
    const error = await handoff.stopped;
    expect(error).to.include({ code: 'HANDOFF_RESTARTS_EXCEEDED', node: 'here', childId: 'Executor' });
    expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    expect(await caught(handoff.nodes())).to.include({ code: 'HANDOFF_STOPPED' });
    expect(handoff.whereis('Executor')).to.equal(undefined);
  });
});

describe('the end of a node', () => {
  const eventsOf = async (run: AsyncIterable<RunEvent>): Promise<string[]> => {
    const types: string[] = [];
    for await (const event of run) types.push(event.type);
    return types;
  };

  it('lets attempts end that end in time, starts nothing new, and aborts the rest', async () => {
    const handoff = await start();
    const held = gate();
    const dag = Dag.dynamic('stopping')
      .add({ id: 'a', code: () => held.pass() })
      .add({ id: 'b', code: () => 'never', args: ['a'] });
    const run = handoff.execute(dag);
    const failure = caught(run);
    const events = eventsOf(run);
    await held.reached;
    const stopped = handoff.stop();
    expect(await caught(handoff.execute(new Dag()))).to.include({ code: 'HANDOFF_STOPPED' });
    held.open();
    await stopped;
    expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED', dagId: 'stopping' });
    expect((await events).filter((type) => type === 'function-started')).to.have.length(1);
    expect(await handoff.stopped).to.equal(undefined);
  });

  it('ends what does not end by itself, threads for real', async () => {
    const handoff = await start();
    const run = handoff.execute(Dag.dynamic().add({ id: 'spin', code: tasks.spin }));
    const events = run[Symbol.asyncIterator]();
    for (let event = await events.next(); event.value?.type !== 'function-started'; event = await events.next());
    await handoff.stop({ graceMs: 0 });
    expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_ABORTED' });
  });

  it('comes once, however often it is asked for, and all calls after it are refused', async () => {
    const handoff = await start();
    await Promise.all([handoff.stop(), handoff.stop({ graceMs: 0 }), handoff[Symbol.asyncDispose]()]);
    for (const call of [
      handoff.nodes(),
      handoff.getResult('d', 'f'),
      handoff.storeValue('d', 'v', 1),
      handoff.execute(new Dag()),
      handoff.clear('d'),
      handoff.supervisionTree(),
      handoff.resourcesAvailable('here', {}),
    ])
      expect(await caught(call)).to.include({ code: 'HANDOFF_STOPPED' });
  });

  it('ends a call that waits', async () => {
    const handoff = await start();
    const waiting = caught(handoff.getResult('d', 'f', { timeoutMs: 60_000 }));
    await handoff.nodes();
    await handoff.stop();
    expect(await waiting).to.include({ code: 'HANDOFF_STOPPED' });
  });

  it('refuses wrong options with a TypeError or a RangeError that names them', async () => {
    for (const [options, name] of [
      [{ nmae: 'x' }, 'nmae'],
      [{ name: '' }, 'name'],
      [{ capabilities: { cpu: Number.NaN } }, 'cpu'],
      [{ threads: 0 }, 'threads'],
      [{ threadHeapMiB: -1 }, 'threadHeapMiB'],
      [{ isolation: 'nowhere' }, 'isolation'],
      [{ isolation: 1 }, 'isolation'],
      [{ isolations: 1 }, 'isolations'],
      [{ isolations: { own: {} } }, 'isolations.own'],
      [{ isolations: { thread: () => ({}) } }, 'isolations.thread'],
      [{ isolations: { own: () => ({}) } }, 'isolations.own'],
      [{ isolations: { own: () => expect.fail('no') } }, 'isolations.own'],
      [{ isolations: { '': () => ({}) } }, 'isolations'],
      [{ isolations: { ['n'.repeat(256)]: () => ({}) } }, 'isolations'],
      [{ isolations: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`own ${n}`, () => ({})])) }, 'isolations'],
      [{ loopConcurrency: 1.5 }, 'loopConcurrency'],
      [{ freeze: 'yes' }, 'freeze'],
      [{ root: '/nowhere/at/all' }, 'root'],
      [{ valueMemoryMiB: -1 }, 'valueMemoryMiB'],
      [{ valueMemoryMiB: '64' }, 'valueMemoryMiB'],
      [{ spill: 'no' }, 'spill'],
      [{ spillMiB: Number.NaN }, 'spillMiB'],
      [{ cacheMiB: Number.POSITIVE_INFINITY }, 'cacheMiB'],
      [{ logger: { info() {} } }, 'logger'],
      [{ listen: 'nowhere' }, 'listen'],
      [{ listen: '0.0.0.0:0' }, 'cookie'],
      [{ join: 'ws://127.0.0.1:1' }, 'join'],
      [{ join: ['http://127.0.0.1:1'] }, 'join'],
      [{ joinTimeoutMs: -1 }, 'joinTimeoutMs'],
      [{ cookie: 'too short' }, 'cookie'],
      [{ tls: {} }, 'tls'],
      [{ tls: { cert: 'c', key: 'k', requestCerts: true } }, 'requestCerts'],
      [{ heartbeat: { intervalMS: 100 } }, 'intervalMS'],
      [{ capabilities: null }, 'capabilities'],
      [{ heartbeat: { intervalMs: 0 } }, 'heartbeat.intervalMs'],
      [{ heartbeat: { intervalMs: 500, timeoutMs: 600 } }, 'heartbeat.timeoutMs'],
      [null, 'options'],
    ] as const) {
      const error = await caught(Handoff.start(options as never));
      expect(error instanceof TypeError || error instanceof RangeError, name).to.equal(true);
      expect(error.message).to.contain(name);
    }
  });
});
