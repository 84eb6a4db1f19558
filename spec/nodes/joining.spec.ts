import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { joinCluster } from '../../lib/nodes/index.js';
import { joinRestMs } from '../../lib/nodes/joining.js';
import { caught } from '../support/caught.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

describe('joining', () => {
  let clock: TestClock;
  let calls: string[];
  const fail = (message: string) => (): Promise<string> => Promise.reject(new Error(message));
  const never = (): Promise<string> => new Promise(() => {});
  const start = (
    answers: Record<string, () => Promise<string>>,
    more: { joinTimeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<string> => {
    const join = (url: string): Promise<string> => {
      calls.push(url);
      return answers[url]!();
    };
    return joinCluster({ urls: Object.keys(answers), join, clock, random: () => 1, ...more });
  };
  /** Moves time on in steps, so that attempts can answer in between. */
  const pass = async (ms: number): Promise<void> => {
    await settled(1);
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      clock.advance(50);
      await settled(1);
    }
  };

  beforeEach(() => {
    clock = testClock();
    calls = [];
  });

  it('takes the first answer, whoever else is silent or wrong, and leaves no timer', async () => {
    expect(await start({ a: never, b: fail('closed'), c: async () => 'c!' })).to.equal('c!');
    expect(clock.pending).to.equal(0);
  });

  it('tries again after 100, 200, 400 ms and so on, at most every 2 s', async () => {
    const times: number[] = [];
    const joined = start({
      a: () => {
        times.push(clock.now());
        return times.length < 8 ? fail('closed')() : Promise.resolve('a!');
      },
    });
    await pass(8000);
    expect(times).to.deep.equal([0, 100, 300, 700, 1500, 3100, 5100, 7100]);
    expect(await joined).to.equal('a!');
  });

  it('spreads attempts over the second half of a rest', () => {
    expect([joinRestMs(1, 0), joinRestMs(1, 0.5), joinRestMs(2, 0), joinRestMs(5000, 1)]).to.deep.equal([50, 75, 100, 2000]);
  });

  it('takes a refusal for final, at once', async () => {
    const refusal = new HandoffError('HANDOFF_JOIN_REFUSED', 'Cannot join: another node named "x" is a member');
    expect(await caught(start({ a: never, b: () => Promise.reject(refusal) }))).to.equal(refusal);
    expect(clock.pending).to.equal(0);
    const mismatch = new HandoffError('HANDOFF_PROTOCOL_MISMATCH', 'Cannot join: speaks 2 to 3');
    expect(await caught(start({ a: () => Promise.reject(mismatch) }))).to.equal(mismatch);
  });

  it('gives up after joinTimeoutMs, naming each URL and what was last wrong with it', async () => {
    let count = 0;
    const closed = (): Promise<string> => {
      count += 1;
      return Promise.reject(new Error(`closed ${count}`));
    };
    const answers = { 'ws://a:1': closed, 'ws://b:2': never };
    const joined = caught(start(answers, { joinTimeoutMs: 250 }));
    await pass(250);
    const error = await joined;
    expect(error).to.include({ code: 'HANDOFF_JOIN_REFUSED', reason: 'ws://a:1: closed 2; ws://b:2: no answer' });
    expect(error.message).to.equal('Cannot join within 250 ms: ws://a:1: closed 2; ws://b:2: no answer');
    expect(clock.pending).to.equal(0);
    await pass(5000);
    expect(count).to.equal(2);
  });

  it('waits 10 s unless told otherwise, and for ever when told so', async () => {
    let isOver = false;
    const joined = caught(start({ a: never })).then((error) => {
      isOver = true;
      return error;
    });
    await pass(9950);
    expect(isOver).to.equal(false);
    await pass(50);
    expect((await joined).code).to.equal('HANDOFF_JOIN_REFUSED');
    const controller = new AbortController();
    const forEver = caught(start({ a: never }, { joinTimeoutMs: Number.POSITIVE_INFINITY, signal: controller.signal }));
    expect(clock.pending).to.equal(0);
    controller.abort(new Error('enough'));
    expect((await forEver).message).to.equal('enough');
  });

  it('gives up when it is aborted, with the reason, and at once when it was before', async () => {
    const controller = new AbortController();
    const joined = caught(start({ a: never }, { signal: controller.signal }));
    const reason = new Error('stopping');
    controller.abort(reason);
    expect(await joined).to.equal(reason);
    expect(clock.pending).to.equal(0);
    expect(await caught(start({ a: never }, { signal: controller.signal }))).to.equal(reason);
    expect(calls).to.deep.equal(['a']);
  });

  it('takes what an attempt throws for its failure', async () => {
    const joined = caught(
      start({
        a: () => {
          throw new TypeError('no such transport');
        },
      }),
    );
    await pass(10_000);
    expect((await joined).message).to.contain('a: no such transport');
  });

  it('refuses to join nobody', async () => {
    expect(await caught(start({}))).to.be.instanceOf(TypeError);
  });
});
