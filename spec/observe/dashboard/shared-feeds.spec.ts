import { expect } from 'chai';
import { HandoffError } from '../../../lib/index.js';
import { SharedFeeds } from '../../../lib/observe/dashboard/shared-feeds.js';
import { caught } from '../../support/caught.js';
import { testClock } from '../../support/test-clock.js';

describe('single questions to a dashboard', () => {
  const clock = testClock();
  const feeds = new SharedFeeds(clock, () => {});
  let made = 0;
  let state = 'before';
  const costs10 = async (): Promise<object> => {
    clock.advance(10);
    made += 1;
    return { made, state };
  };
  beforeEach(() => {
    made = 0;
    state = 'before';
  });
  /** Lets promises go on. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('are answered no sooner than twenty times the cost after the answer before, once for all who wait, and never as it was before', async () => {
    const question = { key: 'one', ask: costs10 };
    expect(await feeds.answer(question)).to.equal('{"made":1,"state":"before"}');
    const answers = [feeds.answer(question), feeds.answer(question), feeds.answer(question)];
    state = 'after';
    await settled();
    clock.advance(199);
    await settled();
    expect(made).to.equal(1);
    clock.advance(1);
    expect(await Promise.all(answers)).to.deep.equal(new Array(3).fill('{"made":2,"state":"after"}'));
    await settled();
    clock.advance(200);
    await settled();
    expect(await feeds.answer(question)).to.equal('{"made":3,"state":"after"}');
  });

  it('wait for their like only', async () => {
    await feeds.answer({ key: 'two', ask: costs10 });
    expect(await feeds.answer({ key: 'three', ask: costs10 })).to.equal('{"made":2,"state":"before"}');
  });

  it('are asked again after a failure, which took no time here', async () => {
    const error = await caught(feeds.answer({ key: 'four', ask: () => Promise.reject(new Error('late')) }));
    expect(error.message).to.equal('late');
    await settled();
    expect(await feeds.answer({ key: 'four', ask: async () => ({ fine: true }) })).to.equal('{"fine":true}');
  });

  it('are answered at once where the time is spent in waiting for others', async () => {
    const question = { key: 'cluster', ask: costs10, pauseMs: 500 };
    for (const n of [1, 2, 3]) {
      expect(await feeds.answer(question)).to.equal(`{"made":${n},"state":"before"}`);
      await settled();
    }
  });

  it('and streams say so when another node has answered what has no JSON, and log nothing', async () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    const wrong = [undefined, () => {}, { big: 1n }, circle];
    for (const [number, answer] of wrong.entries()) {
      const ask = async (): Promise<object> => answer as object;
      const error = await caught(feeds.answer({ key: `wrong ${number}`, ask }));
      expect(HandoffError.is(error, 'HANDOFF_BAD_MESSAGE'), String(error)).to.equal(true);
      const bugs: unknown[] = [];
      const told: string[] = [];
      const streams = new SharedFeeds(clock, (bug) => bugs.push(bug));
      streams.watch({ key: 'wrong', ask }, { data: (json) => told.push(json), gone: ({ status, code }) => told.push(`${status} ${code}`) });
      await settled();
      expect(told).to.deep.equal(['502 HANDOFF_BAD_MESSAGE']);
      expect(bugs).to.deep.equal([]);
    }
  });
});
