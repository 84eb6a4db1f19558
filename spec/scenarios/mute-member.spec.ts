import { expect } from 'chai';
import { Handoff, realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Dag } from '../../lib/index.js';
import { MemoryNetwork } from '../../lib/peer/index.js';
import { caught } from '../support/caught.js';
import { MuteMember } from '../support/mute-member.js';
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
});
