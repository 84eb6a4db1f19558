import { expect } from 'chai';
import { Handoff, realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Dag } from '../../lib/index.js';
import { MemoryNetwork } from '../../lib/peer/index.js';
import { packThrown } from '../../lib/value/index.js';
import { caught } from '../support/caught.js';
import { MuteMember } from '../support/mute-member.js';
import { slotList } from '../support/slots.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

describe('beside a member that beats and answers nothing', () => {
  const clock = testClock();
  const network = new MemoryNetwork({ clock });
  let node: Handoff;
  let mute: MuteMember;

  /** Time goes on until `done` has come to its end, for at most `limitMs`. Returns how long that took. */
  async function within<T>(limitMs: number, done: Promise<T>): Promise<{ tookMs: number; result: PromiseSettledResult<T> }> {
    const beganMs = clock.now();
    let result: PromiseSettledResult<T> | undefined;
    void Promise.allSettled([done]).then(([one]) => {
      result = one;
    });
    await settled();
    while (!result && clock.now() - beganMs < limitMs) {
      clock.advance(50);
      mute.beat();
      await settled(6);
    }
    if (!result) throw new Error(`not over after ${limitMs} ms`);
    return { tookMs: clock.now() - beganMs, result };
  }
  const codeOf = (result: PromiseSettledResult<unknown>): unknown =>
    result.status === 'rejected' ? (result.reason as { code?: unknown }).code : 'resolved';

  beforeEach(async () => {
    const surroundings = { ...realEnvironment, clock, transport: network.transport('a') };
    const options = { name: 'a', listen: '127.0.0.1:0', capabilities: { cpu: 2 }, threads: 1, logger: spyLogger() };
    mute = new MuteMember('mute', network, clock);
    node = await Handoff[startNode](options, surroundings);
    await within(1000, mute.join(node.address!));
    mute.beat();
    await settled();
    expect((await node.nodes()).map(({ name }) => name)).to.deep.equal(['a', 'mute']);
  });
  afterEach(async () => {
    await within(5000, node.stop({ graceMs: 0 }));
    await within(5000, mute.close());
  });

  it('getResult keeps its own limit', async () => {
    const { tookMs, result } = await within(1000, node.getResult('d', 'x', { timeoutMs: 200 }));
    expect([codeOf(result), tookMs]).to.deep.equal(['HANDOFF_TIMEOUT', 200]);
  });

  it('every question ends after 5 s, and says who did not answer', async () => {
    const questions = {
      lookupDataLocation: node.lookupDataLocation('d', 'x'),
      getValue: node.getValue('d', 'x'),
      getValueFrom: node.getValue('d', 'x', 'mute'),
      clear: node.clear('d'),
      registerNode: node.registerNode('mute', { cpu: 1 }),
      resourcesAvailable: node.resourcesAvailable('mute', { cpu: 1 }),
      storeResult: node.storeResult('d', 'x', 1, 'mute'),
    };
    for (const question of Object.values(questions)) (question as Promise<unknown>).catch(() => {});
    const codes: Record<string, unknown> = {};
    for (const [name, question] of Object.entries(questions)) {
      const { result } = await within(5100, question as Promise<unknown>);
      codes[name] = codeOf(result);
      expect((result as PromiseRejectedResult).reason.message, name)
        .to.include('"mute"')
        .and.include('5000 ms');
    }
    expect(codes).to.deep.equal({
      ...{ lookupDataLocation: 'HANDOFF_NOT_FOUND', getValue: 'HANDOFF_NOT_FOUND', getValueFrom: 'HANDOFF_TIMEOUT' },
      ...{ clear: 'HANDOFF_TIMEOUT', registerNode: 'HANDOFF_TIMEOUT', resourcesAvailable: 'HANDOFF_TIMEOUT' },
      storeResult: 'HANDOFF_TIMEOUT',
    });
  });

  it('what this node knows itself, it says at once; a status comes after a second', async () => {
    await node.storeValue('d', 'x', 1);
    expect(await node.lookupDataLocation('d', 'x')).to.equal('a');
    expect(await node.getValue('d', 'x')).to.equal(1);
    const { tookMs, result } = await within(2000, node.status());
    expect([codeOf(result), tookMs]).to.deep.equal(['resolved', 1000]);
  });

  it('a run that waits for it is cancelled 2 s after the time that its functions have', async () => {
    const dag = new Dag().add({ id: 'f', code: { module: './m.js', name: 'f' } as never, node: 'mute' });
    const run = node.execute(dag as never, { stopGraceMs: 500 });
    const failure = caught(run);
    await settled();
    expect(mute.asked).to.include('run-attempt');
    const { tookMs } = await within(3000, run.cancel());
    expect(tookMs).to.equal(2500);
    expect((await failure).code).to.equal('HANDOFF_RUN_CANCELLED');
    const late = node.execute(dag as never, { stopGraceMs: 500, timeoutMs: 1000 });
    expect(codeOf((await within(4000, late)).result)).to.equal('HANDOFF_RUN_TIMEOUT');
  });

  it('stop ends within its grace and 2 s, with a run that waits for it', async () => {
    const dag = new Dag().add({ id: 'f', code: { module: './m.js', name: 'f' } as never, node: 'mute' });
    const failure = caught(node.execute(dag as never));
    await settled();
    const { tookMs } = await within(4000, node.stop({ graceMs: 100 }));
    expect(tookMs).to.be.at.most(2100);
    expect((await failure).code).to.equal('HANDOFF_RUN_ABORTED');
  });

  describe('that takes functions', () => {
    const usage = { capabilities: [['cpu', 8], ...slotList({ thread: 8, loop: 256 })], used: [], usedByYou: [] };
    const pinned = (args: readonly string[] = []) =>
      Dag.dynamic()
        .add({ id: 'made', code: () => 1 })
        .add({ id: 'f', code: { module: './m.js', name: 'f' }, args, node: 'mute' })
        .add({ id: 'used', code: (value: unknown) => value, args: ['f'] });
    const asks = (): number => mute.asked.filter((type) => type === 'run-attempt').length;
    /** Answers each attempt so. */
    const answers = (answer: () => object): void => {
      mute.hears = (from, message) => {
        if (message.type === 'run-attempt') mute.say(from, { of: message.of, ...answer() });
      };
    };

    it('and says nothing of them: one that nobody else could run fails in the end, naming it', async () => {
      const { result } = await within(60_000, node.execute(pinned()));
      const error = (result as PromiseRejectedResult).reason;
      expect([error.code, error.cause.code, error.cause.node]).to.deep.equal(['HANDOFF_FUNCTION_FAILED', 'HANDOFF_NODE_LOST', 'mute']);
      expect(error.message).to.include('did not run it when it was asked');
    });

    for (const [how, answer] of Object.entries({
      refuses: { type: 'attempt-refused', usage },
      stops: { type: 'attempt-ended', outcome: { type: 'stopped' } },
    })) {
      it(`and ${how} each, is asked more and more seldom; one that nobody else could run fails in the end`, async () => {
        answers(() => answer);
        const { result } = await within(60_000, node.execute(pinned()));
        const error = (result as PromiseRejectedResult).reason;
        expect([error.code, error.cause.code, error.cause.node]).to.deep.equal(['HANDOFF_FUNCTION_FAILED', 'HANDOFF_NODE_LOST', 'mute']);
        expect(asks()).to.be.below(10);
      });

      it(`and ${how} each, keeps none from being run elsewhere`, async () => {
        answers(() => answer);
        const code = { module: './spec/support/modules/cluster-tasks.ts', name: 'where' };
        // Loading takes the machine's own time.
        await node.executeLocal(Dag.dynamic().add({ id: 'f', code, isolation: 'loop' }));
        const dag = Dag.dynamic();
        for (let at = 0; at < 20; at += 1) dag.add({ id: `f${at}`, code, isolation: 'loop' });
        const { result } = await within(20_000, node.execute(dag, { allocationStrategy: 'load-balanced' }));
        expect(codeOf(result)).to.equal('resolved');
        expect(asks()).to.be.below(30);
      });
    }

    for (const lost of ['f', 'used']) {
      it(`and says of "${lost}", which is no argument, that it is lost: the function fails, and nothing is computed again`, async () => {
        const error = packThrown(new Error('gone'));
        answers(() => ({ type: 'attempt-ended', outcome: { type: 'argument-lost', functionId: lost, error } }));
        const { result } = await within(5000, node.execute(pinned(['made'])));
        const { code, cause } = (result as PromiseRejectedResult).reason;
        expect([code, cause.code, asks()]).to.deep.equal(['HANDOFF_FUNCTION_FAILED', 'HANDOFF_BAD_MESSAGE', 1]);
      });
    }
  });

  it('storeResult of a large value ends after 5 s in which nothing of it was taken', async () => {
    const { tookMs, result } = await within(6000, node.storeResult('d', 'x', new Uint8Array(10_000_000), 'mute'));
    expect([codeOf(result), tookMs]).to.deep.equal(['HANDOFF_TIMEOUT', 5000]);
  });

  it('what it answers that no node would say is no answer, and an error that cannot be read has a code', async () => {
    const answer = (value: unknown, error: Uint8Array | null): void => {
      mute.hears = (from, message) => {
        if (message.type === 'ask') mute.say(from, { type: 'answer', id: message.id, value, error });
      };
    };
    for (const value of ['', 'x'.repeat(256), 7, {}]) {
      answer(value, null);
      expect(codeOf((await within(1000, node.lookupDataLocation('d', 'x'))).result)).to.equal('HANDOFF_NOT_FOUND');
      expect(codeOf((await within(1000, node.getResult('d', 'x', { timeoutMs: 200 }))).result)).to.equal('HANDOFF_TIMEOUT');
    }
    for (const error of [Uint8Array.of(1, 2), packThrown(new TypeError('no')), packThrown(7)]) {
      answer(null, error);
      expect(codeOf((await within(1000, node.clear('d'))).result)).to.equal('HANDOFF_BAD_MESSAGE');
      expect(codeOf((await within(1000, node.registerNode('mute', { cpu: 1 }))).result)).to.equal('HANDOFF_BAD_MESSAGE');
      expect(codeOf((await within(1000, node.storeResult('d', 'x', 1, 'mute'))).result)).to.equal('HANDOFF_BAD_MESSAGE');
    }
  });
});
