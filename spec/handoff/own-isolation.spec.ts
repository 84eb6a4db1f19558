import { expect } from 'chai';
import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import {
  type AllocationStrategy,
  arg,
  Dag,
  functionsIn,
  Handoff,
  type IsolationFactory,
  loopIsolation,
  threadIsolation,
} from '../../lib/index.js';
import { nothing } from '../../lib/nodes/beat.js';
import type { WireMessageOf } from '../../lib/peer/index.js';
import { decodeFrame } from '../../lib/peer/protocol/codec.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { slotAmounts, slotList } from '../support/slots.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

declare module '../../lib/index.js' {
  interface Isolations {
    /** Of specs. */
    readonly own: true;
  }
}

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

/** An isolation that counts its calls. */
function counting(make: IsolationFactory = loopIsolation): { own: IsolationFactory; called: string[] } {
  const called: string[] = [];
  const own: IsolationFactory = (options) => {
    const runner = make(options);
    return {
      ...(runner.slots !== undefined && { slots: runner.slots }),
      start(call, settle) {
        called.push(call.context.functionId);
        return runner.start(call, settle);
      },
      close: () => runner.close(),
    };
  };
  return { own, called };
}

describe('an isolation of a user’s own', () => {
  const start = (options: object): Promise<Handoff> =>
    Handoff.start({ capabilities: { cpu: 2 }, threads: 2, logger: spyLogger(), ...options });

  it('runs the functions that name it, and no other', async () => {
    const { own, called } = counting();
    await using handoff = await start({ isolations: { own } });
    const dag = new Dag('d')
      .add({ id: 'mine', code: tasks.add, extraArgs: [1, 2], isolation: 'own' })
      .add({ id: 'loop', code: tasks.add, args: ['mine'], extraArgs: [3], isolation: 'loop' })
      .add({ id: 'plain', code: (sum: number) => sum + 4, args: ['loop'] });
    expect((await handoff.execute(dag)).results).to.deep.equal({ mine: 3, loop: 6, plain: 10 });
    expect(called).to.deep.equal(['mine']);
  });

  it('is the default of a node that says so, for functions of modules', async () => {
    const { own, called } = counting(threadIsolation);
    await using handoff = await start({ isolations: { own }, isolation: 'own' });
    const dag = new Dag('d')
      .add({ id: 'mine', code: tasks.add, extraArgs: [1, 2] })
      .add({ id: 'plain', code: (sum: number) => sum + 4, args: ['mine'] });
    expect((await handoff.execute(dag)).results).to.deep.equal({ mine: 3, plain: 7 });
    expect(called).to.deep.equal(['mine']);
  });

  it('is named as what has not ended a function, where it does not end it: no thread of the node is blocked', async () => {
    const clock = testClock();
    const begun: string[] = [];
    const own: IsolationFactory = () => ({
      start: (call) => {
        begun.push(call.context.functionId);
        return { stop() {} };
      },
      close: async () => 0,
    });
    const handoff = await Handoff[startNode]({ threads: 2, isolations: { own }, logger: spyLogger() }, { ...realEnvironment, clock });
    const dag = new Dag('d')
      .add({ id: 'a', code: tasks.add, extraArgs: [1, 2], isolation: 'own', cost: {} })
      .add({ id: 'b', code: tasks.add, extraArgs: [1, 2], isolation: 'own', cost: {} });
    const run = handoff.execute(dag, { stopGraceMs: 10 });
    const failure = caught(run);
    while (begun.length < 2) await settled();
    expect((await handoff.status()).nodes[0]!.ownSlots).to.deep.equal({ own: { used: 2, total: 2 } });
    const cancelled = run.cancel('enough');
    clock.advance(10 + 10_000);
    await cancelled;
    expect((await failure).message).to.equal(
      'Run of DAG "d" was cancelled; the code of "a", "b" goes on, as its isolation has not ended it',
    );
    const stopped = handoff.stop({ graceMs: 0 });
    while ((await Promise.race([stopped.then(() => true), settled()])) !== true) clock.advance(1000);
  });

  it('fails the run, and neither node nor other runs, when it breaks its contract', async () => {
    const own: IsolationFactory = () => ({ start: () => expect.fail('broken'), close: async () => 0 });
    await using handoff = await start({ isolations: { own } });
    const error = await caught(
      handoff.execute(new Dag('d').add({ id: 'f', code: tasks.add, extraArgs: [1, 2], isolation: 'own', maxRetries: 0 })),
    );
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f' });
    expect(error.message).to.contain('isolation "own" broke its contract: start has thrown: broken');
    expect((await handoff.execute(new Dag('e').add({ id: 'f', code: tasks.add, extraArgs: [1, 2] }))).results).to.deep.equal({ f: 3 });
  });
});

describe('an isolation that only some nodes have', () => {
  let cluster: SpecCluster;
  let called: string[];
  beforeEach(async () => {
    const { own, called: names } = counting((options) => loopIsolation({ ...options, loopConcurrency: 2 }));
    called = names;
    cluster = await SpecCluster.of({ a: { capabilities: { cpu: 8 } }, b: { capabilities: { cpu: 8 }, isolations: { own } } });
    await cluster.until('a', (nodes) => nodes.some(({ name, capabilities }) => name === 'b' && capabilities.cpu === 8));
  });
  afterEach(() => cluster.stop());

  it('has its functions placed there, whichever node drives, and no others', async () => {
    const ids = Array.from({ length: 6 }, (_, n) => `own ${n}`);
    for (const driver of ['a', 'b']) {
      const dag = Dag.dynamic(`of ${driver}`).add({ id: 'plain', code: tasks.add, extraArgs: [1, 2], node: 'a' } as never);
      for (const id of ids) dag.add({ id, code: tasks.add, args: ['plain'], extraArgs: [1], isolation: 'own' } as never);
      const { results, allocations } = await cluster.node(driver).execute(dag);
      for (const id of ids) expect([results[id], allocations[id]]).to.deep.equal([4, 'b']);
      expect(allocations.plain).to.equal('a');
    }
    expect(called).to.have.members([...ids, ...ids]);
  });

  it('cannot be had on another node, or on none, which is said before anything runs', async () => {
    const messageOf = async (options: object): Promise<string> => {
      const dag = Dag.dynamic().add({ id: 'first', code: tasks.add, extraArgs: [1, 2] } as never);
      dag.add({ id: 'f', code: tasks.add, args: ['first'], extraArgs: [1], ...options } as never);
      const error = await caught(cluster.node('a').execute(dag));
      expect(error.code).to.equal('HANDOFF_ALLOCATION_FAILED');
      return error.message;
    };
    expect(await messageOf({ isolation: 'own', node: 'a' })).to.contain(
      'Cannot place function "f": node "a" does not have isolation "own"',
    );
    expect(await messageOf({ isolation: 'owm' })).to.contain('Cannot place function "f": no node has isolation "owm"');
    const alone = new Dag().add({ id: 'f', code: tasks.add, extraArgs: [1, 2], isolation: 'own' });
    const error = await caught(cluster.node('a').executeLocal(alone));
    expect(error.message).to.contain('node "a" does not have isolation "own"');
    expect(called).to.deep.equal([]);
  });

  it('serializes what goes there in a thread, on a node that does not have it', async () => {
    const serialize = tasks.double as never;
    const dag = Dag.dynamic()
      .add({ id: 'made', code: tasks.add, extraArgs: [1, 2], node: 'a' } as never)
      .add({ id: 'f', code: tasks.add, args: [arg('made', { serialize })], extraArgs: [1], isolation: 'own' } as never);
    expect((await cluster.node('b').execute(dag)).results.f).to.equal(7);
    expect((await cluster.node('a').execute(dag)).results.f).to.equal(7);
  });

  it('is in what its node says of itself as a slot, and in nothing that users see but the slots of its status', async () => {
    const shown = async (): Promise<object> => {
      const [node] = (await cluster.node('a').nodes()).filter(({ name }) => name === 'b');
      const [status] = (await cluster.node('a').status()).nodes.filter(({ name }) => name === 'b');
      return { capabilities: [node!.capabilities, status!.capabilities], used: [node!.used, status!.used], slots: status!.ownSlots };
    };
    expect(await shown()).to.deep.equal({
      capabilities: [{ cpu: 8 }, { cpu: 8 }],
      used: [{ cpu: 0 }, { cpu: 0 }],
      slots: { own: { used: 0, total: 2 } },
    });
    const views: object[] = [];
    const strategy: AllocationStrategy = {
      name: 'spy',
      place({ nodes, cost }) {
        views.push(cost, ...nodes.map(({ name, capabilities, used }) => ({ name, capabilities, used })));
        return nodes[0]!.name;
      },
    };
    const dag = new Dag().add({ id: 'f', code: tasks.add, extraArgs: [1, 2], isolation: 'own' });
    await cluster.node('a').execute(dag, { allocationStrategy: strategy });
    expect(views).to.deep.equal([{ cpu: 1 }, { name: 'b', capabilities: { cpu: 8 }, used: { cpu: 0 } }]);
    expect(await cluster.node('a').discoverNodes()).to.deep.equal({ a: { cpu: 8 }, b: { cpu: 8 } });
    const beat = await new Promise<WireMessageOf<'beat'>>((resolve) => {
      cluster.observe = (from, parts) => {
        const decoded = decodeFrame(parts);
        const messages = from === 'b' && decoded.type === 'messages' ? decoded.messages : [];
        for (const message of messages) if (message.type === 'beat') resolve(message);
      };
    });
    expect(beat).to.deep.include({
      capabilities: [['cpu', 8], ...slotList({ thread: 1, loop: 256, own: 2 })],
      used: [['cpu', 0], ...slotList({ thread: 0, loop: 0, own: 0 })],
    });
    expect(Object.keys(beat)).to.have.members(Object.keys({ type: 0, seq: 0, lagMs: 0, leaving: 0, ...nothing }));
  });

  it('is refused with a TypeError when its node starts, also where its factory gives a promise that rejects, or cannot be read', async () => {
    const unreadable = {
      get own(): never {
        throw new Error('not now');
      },
    };
    for (const [isolations, why] of [
      [
        {
          own: async () => {
            throw new Error('later');
          },
        },
        'isolations.own must return an object with the methods start and close',
      ],
      [
        {
          own: () => ({
            get start(): never {
              throw new Error('not now');
            },
          }),
        },
        'isolations.own has thrown: not now',
      ],
      [unreadable, 'isolations cannot be read: not now'],
      [new Map(), 'isolations must be an object of factories by name'],
    ] as const) {
      const error = await Handoff.start({ isolations, logger: spyLogger() } as object).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TypeError).with.property('message', why);
    }
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('cannot be taken from a node by what is registered for it, nor a slot be had for a name', async () => {
    const node = cluster.node('a');
    const slots = slotAmounts({ own: 3 });
    for (const wrong of [
      () => node.registerLocalNode(slots),
      () => node.registerNode('b', slots),
      () => node.resourcesAvailable('b', slots),
      () => Handoff.start({ capabilities: slots }),
    ]) {
      expect(await caught(wrong()))
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.contains('begins with "slot:"');
    }
    expect(() => Dag.dynamic().add({ id: 'f', code: tasks.add, cost: slots } as never)).to.throw(
      TypeError,
      /"slot:own" of cost begins with "slot:"/,
    );
    await node.registerNode('b', { gpu: 1 });
    const dag = new Dag().add({ id: 'f', code: tasks.add, extraArgs: [1, 2], isolation: 'own', cost: { gpu: 1 } });
    expect((await node.execute(dag)).results).to.deep.equal({ f: 3 });
  });
});
