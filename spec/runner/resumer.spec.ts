import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { Journal, RecordedRun } from '../../lib/journal/index.js';
import { type ResumeAnswer, Resumer } from '../../lib/runner/durable/resume/resumer.js';
import { lookDelayMs, retryDelayMs } from '../../lib/runner/durable/resume/resumer-delays.js';
import type { RunEnd } from '../../lib/runner/runs/open-run.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

const LEASE_MS = 1000;

/** A journal with these runs, under a clock that stands still; `looks` are the times at which it was asked. */
function open({ leaseMs = LEASE_MS, answer = { type: 'begun' } as ResumeAnswer } = {}) {
  const clock = testClock();
  const logger = spyLogger();
  const runs = new Map<string, Partial<RecordedRun>>();
  const looks: number[] = [];
  const queries: unknown[] = [];
  const resumed: string[] = [];
  const ends = new Map<string, (end: RunEnd) => void>();
  const failing: { error?: HandoffError; resuming?: HandoffError } = {};
  const journal = {
    findRuns: async (query: unknown) => {
      looks.push(clock.now());
      queries.push(query);
      if (failing.error) throw failing.error;
      return [...runs].map(([key, run]) => ({
        key,
        runId: `run of ${key}`,
        dagId: 'dag',
        state: 'interrupted',
        epoch: 1,
        leaseLeftMs: 0,
        ...run,
      }));
    },
  } as unknown as Journal;
  const mine = new Set<string>();
  const resumer = new Resumer({
    journal,
    leaseMs,
    drives: (key) => mine.has(key),
    clock,
    random: () => 0,
    logger,
    resume: async ({ key }, onEnd) => {
      if (failing.resuming) throw failing.resuming;
      resumed.push(key);
      ends.set(key, onEnd);
      return answer;
    },
  });
  return { resumer, clock, logger, runs, looks, queries, resumed, ends, failing, mine };
}

const away = new HandoffError('HANDOFF_STORAGE_FAILED', 'away', { reason: 'unreachable' });

describe('a node that looks for interrupted runs', () => {
  it('asks for runs that have not ended, and goes on with those that are interrupted', async () => {
    const { resumer, runs, queries, resumed } = open();
    runs.set('a', {}).set('b', { state: 'running', leaseLeftMs: 10 }).set('c', { isDamaged: true });
    resumer.start();
    await settled();
    expect(queries).to.deep.equal([{ state: ['running', 'interrupted'] }]);
    expect(resumed).to.deep.equal(['a']);
  });

  it('looks once where nobody else uses the journal', async () => {
    const { resumer, clock, looks } = open({ leaseMs: Number.POSITIVE_INFINITY });
    resumer.start();
    await settled();
    expect(looks).to.deep.equal([0]);
    expect(clock.pending).to.equal(0);
  });

  it('looks every half of a lease, and when the lease of another driver runs out', async () => {
    const { resumer, clock, runs, looks, mine } = open();
    mine.add('own');
    runs.set('own', { state: 'running', leaseLeftMs: 5 });
    resumer.start();
    await settled();
    clock.advance(LEASE_MS / 2);
    runs.set('other', { state: 'running', leaseLeftMs: 700 });
    await settled();
    runs.set('other', { state: 'running', leaseLeftMs: 200 });
    clock.advance(LEASE_MS / 2);
    await settled();
    clock.advance(200);
    await settled();
    expect(looks).to.deep.equal([0, 500, 1000, 1200]);
  });

  it('does not ask again for runs that stay, until they have been resumed elsewhere', async () => {
    const { resumer, clock, runs, resumed, logger } = open({ answer: { type: 'stays', why: 'so', fields: {} } });
    runs.set('a', {});
    resumer.start();
    for (let look = 0; look < 3; look += 1) {
      await settled();
      clock.advance(LEASE_MS);
    }
    runs.set('a', { epoch: 2 });
    await settled();
    expect(resumed).to.deep.equal(['a']);
    clock.advance(LEASE_MS);
    await settled();
    expect(resumed).to.deep.equal(['a', 'a']);
    expect(logger.lines).to.have.length(2);
  });

  it('drives a limited number at once, and takes the next when one has ended', async () => {
    const { resumer, clock, runs, resumed, ends } = open({ leaseMs: Number.POSITIVE_INFINITY });
    for (let number = 0; number < 70; number += 1) runs.set(`k${number}`, {});
    resumer.start();
    await settled(200);
    expect(resumed).to.have.length(64);
    runs.delete('k0');
    ends.get('k0')!({ type: 'completed' } as RunEnd);
    clock.advance(0);
    await settled(200);
    expect(resumed).to.have.length(65);
    expect(new Set(resumed).size).to.equal(65);
  });

  it('tries again after an error, later each time, with one warning', async () => {
    const { resumer, clock, looks, failing, logger, runs, resumed } = open();
    failing.error = away;
    resumer.start();
    for (let step = 0; step < 70; step += 1) {
      await settled(3);
      clock.advance(10);
    }
    expect(looks).to.deep.equal([0, 100, 300, 700]);
    delete failing.error;
    failing.resuming = away;
    runs.set('a', {});
    await settled();
    clock.advance(800);
    await settled();
    expect(resumed).to.deep.equal([]);
    delete failing.resuming;
    clock.advance(1600);
    await settled();
    expect(resumed).to.deep.equal(['a']);
    expect(logger.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
  });

  it('looks again where a run ended interrupted, as its journal stayed away', async () => {
    const { resumer, clock, runs, resumed, ends } = open({ leaseMs: Number.POSITIVE_INFINITY });
    runs.set('a', {});
    resumer.start();
    await settled();
    ends.get('a')!({ type: 'failed', error: away } as unknown as RunEnd);
    clock.advance(100);
    await settled();
    expect(resumed).to.deep.equal(['a', 'a']);
  });

  it('does nothing more once it is stopped, whatever is under way', async () => {
    const { resumer, clock, runs, resumed, ends, looks, logger } = open();
    for (const key of ['a', 'b', 'c']) runs.set(key, {});
    resumer.start();
    while (resumed.length === 0) await Promise.resolve();
    resumer.stop();
    await settled();
    expect(resumed).to.have.length(1);
    ends.get(resumed[0]!)!({ type: 'failed', error: new HandoffError('HANDOFF_RUN_ABORTED', 'stopped') } as unknown as RunEnd);
    clock.advance(100 * LEASE_MS);
    await settled();
    expect(looks).to.deep.equal([0]);
    expect(clock.pending).to.equal(0);
    expect(logger.lines.filter(({ level }) => level !== 'info')).to.deep.equal([]);
  });
});

describe('the delays of looking', () => {
  it('are never longer than half a lease, nor shorter than until the first lease ends, and differ by chance', () => {
    expect(lookDelayMs(10_000, Number.POSITIVE_INFINITY, 0)).to.equal(5000);
    expect(lookDelayMs(10_000, Number.POSITIVE_INFINITY, 0.999)).to.be.within(3750, 3760);
    expect(lookDelayMs(10_000, 1000, 0)).to.equal(1000);
    expect(lookDelayMs(10_000, 1000, 0.5)).to.equal(1100);
    expect(lookDelayMs(10_000, 0, 0)).to.equal(1);
    expect(lookDelayMs(Number.POSITIVE_INFINITY, 5, 0)).to.equal(undefined);
    expect([1, 2, 3, 100].map((failures) => retryDelayMs(failures, 0))).to.deep.equal([100, 200, 400, 10_000]);
    expect(retryDelayMs(1, 0.5)).to.equal(75);
  });
});
