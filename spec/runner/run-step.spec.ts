import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import { holdsClaim, isFinal } from '../../lib/runner/brain/function-state.js';
import type { RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import type { RunState } from '../../lib/runner/brain/run-state.js';
import { recoverRun } from '../../lib/runner/brain/run-step.js';
import { dice, open, receipt } from './brain.js';

describe('the brain of a run', () => {
  it('asks for claims of what needs nothing, then of each function whose last producer has succeeded', () => {
    const { begin, run, state } = open({ a: [], b: ['a'], c: ['a', 'b'] });
    expect(begin()).to.deep.equal(['request-claim a']);
    expect(run('a')).to.deep.equal(['start-attempt a', 'free-claim a', 'request-claim b']);
    expect(run('b')).to.deep.equal(['start-attempt b', 'free-claim b', 'request-claim c']);
    expect(run('c')).to.deep.equal(['start-attempt c', 'free-claim c', 'end-run']);
    expect(state.error).to.equal(undefined);
  });

  it('ends at once when there is nothing to do', () => {
    expect(open({}).begin()).to.deep.equal(['end-run']);
  });

  it('begins some thousands of functions in one turn, the others in the next, and none once it is to end', () => {
    const many = Object.fromEntries(Array.from({ length: 4500 }, (_, at) => [`f${at}`, []]));
    const whole = open(many);
    const counts = [whole.begin(), whole.feed({ type: 'turn-taken' }), whole.feed({ type: 'turn-taken' })].map((commands) => [
      commands.filter((command) => command.startsWith('request-claim')).length,
      commands.at(-1) === 'take-turn',
    ]);
    expect(counts).to.deep.equal([
      [2000, true],
      [2000, true],
      [500, false],
    ]);
    expect(whole.feed({ type: 'turn-taken' })).to.deep.equal([]);
    const cancelled = open(many);
    cancelled.begin();
    expect(cancelled.cancel().at(-1)).to.equal('end-run');
    expect(cancelled.feed({ type: 'turn-taken' })).to.deep.equal([]);
  });

  it('drops a value when its last consumer has succeeded, unless it is collected', () => {
    const { begin, run } = open({ a: [], b: ['a'], c: ['a'], d: [] }, { collect: ['b'] });
    begin();
    run('a');
    expect(run('b')).to.not.include('drop-value a');
    expect(run('c')).to.deep.equal(['start-attempt c', 'free-claim c', 'drop-value a', 'drop-value c']);
    expect(run('d'), 'nobody ever needs it').to.include('drop-value d');
  });

  it('rests after a failure and tries again, at most maxRetries times', () => {
    const { begin, place, start, fail, rest, told, state } = open({ a: [] }, { maxRetries: 1 });
    begin();
    place('a');
    start('a');
    expect(fail('a')).to.deep.equal(['free-claim a', 'rest-function a']);
    expect(rest('a')).to.deep.equal(['request-claim a']);
    place('a');
    start('a');
    expect(fail('a')).to.deep.equal(['free-claim a', 'end-run']);
    expect(state.error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'a', attempts: 2, dagId: 'd', runId: 'r' });
    expect(state.error!.message).to.equal('Function "a" failed after 2 attempts: boom');
    expect(told.filter((line) => line.endsWith(' a'))).to.deep.equal([
      'function-ready a',
      'function-started a',
      'function-resting a',
      'function-ready a',
      'function-started a',
      'function-failed a',
    ]);
  });

  it('does not try again after a final failure', () => {
    const { begin, place, start, fail, state } = open({ a: [] });
    begin();
    place('a');
    start('a');
    expect(fail('a', true)).to.deep.equal(['free-claim a', 'end-run']);
    expect(state.error).to.include({ attempts: 1 });
  });

  it('after a failure stops what runs, cancels what rests or waits, and ends with the last attempt', () => {
    const { begin, place, start, fail, stop, state, told } = open({ a: [], b: [], c: ['a'], d: [], e: [] }, { maxRetries: 0 });
    begin();
    for (const id of ['a', 'b', 'd']) {
      place(id);
      if (id !== 'd') start(id);
    }
    expect(fail('a')).to.deep.equal(['free-claim a', 'stop-attempt b', 'stop-attempt d']);
    expect(told).to.include.members(['function-cancelled c', 'function-cancelled e']);
    expect(stop('b')).to.deep.equal(['free-claim b']);
    expect(stop('d')).to.deep.equal(['free-claim d', 'end-run']);
    expect(progressOf(state)).to.deep.include({ total: 5, failed: 1, cancelled: 4 });
  });

  it('with onFailure continue skips only what needs the failed function, and lists every failure', () => {
    const { begin, place, start, fail, state, told } = open(
      { a: [], b: [], x: ['a'], y: ['x', 'b'], z: ['b'] },
      { maxRetries: 0, onFailure: 'continue' },
    );
    begin();
    for (const id of ['a', 'b']) {
      place(id);
      start(id);
    }
    fail('a');
    expect(told).to.include.members(['function-skipped x', 'function-skipped y']);
    expect(told).to.not.include('function-skipped z');
    expect(fail('b')).to.deep.equal(['free-claim b', 'end-run']);
    expect(told).to.include('function-skipped z');
    expect(state.error!.failures!.map(({ functionId }) => functionId)).to.deep.equal(['a', 'b']);
    expect(state.error).to.include({ functionId: 'a', code: 'HANDOFF_FUNCTION_FAILED' });
  });

  it('ends with the first reason when it is given several', () => {
    const { begin, place, cancel, stop, feed, state } = open({ a: [] });
    begin();
    place('a');
    cancel();
    feed({ type: 'run-ending', error: new HandoffError('HANDOFF_RUN_TIMEOUT', 'late'), graceMs: 0 });
    expect(stop('a')).to.include('end-run');
    expect(state.error).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
  });

  it('gives a claim back that comes when it is no longer wanted', () => {
    const { begin, place, cancel, stop } = open({ a: [], b: [] });
    begin();
    place('a');
    cancel();
    expect(place('b')).to.deep.equal(['free-claim b']);
    stop('a');
  });

  it('drops and counts answers of attempts that are over', () => {
    const { begin, place, start, fail, rest, feed, index, state } = open({ a: [] });
    begin();
    place('a');
    start('a');
    fail('a');
    rest('a');
    place('a');
    start('a');
    expect(feed({ type: 'attempt-succeeded', index: index('a'), attempt: 1, receipt })).to.deep.equal([]);
    expect(feed({ type: 'attempt-failed', index: index('a'), attempt: 1, error: 1, final: true, random: 0 })).to.deep.equal([]);
    expect(state.stale).to.equal(2);
    expect(state.states[0]).to.equal('running');
  });

  it('throws with the story of the run when something happens that cannot', () => {
    const { begin, run, state, feed } = open({ a: [] });
    begin();
    run('a');
    state.phase = 'open';
    state.states[0] = 'waiting';
    expect(() => feed({ type: 'run-begun' })).to.not.throw();
    state.states[0] = 'succeeded';
    expect(() => feed({ type: 'run-begun' })).to.throw(
      /"a" is succeeded, which inputs-ready cannot follow(.|\n)*a running --succeeded--> succeeded/,
    );
  });

  it('starts again, after a restart of its DagRunner, the actors of the attempts that are under way, and of no other', () => {
    const { begin, place, start, run, state } = open({ a: [], b: [], c: [], d: ['a'] });
    begin();
    run('a');
    place('b');
    start('b');
    place('c');
    expect(recoverRun(state)).to.deep.equal([
      { type: 'start-attempt', index: 1, attempt: 1 },
      { type: 'start-attempt', index: 2, attempt: 1 },
    ]);
  });

  it('ends every run, frees every claim once, and runs nothing before what it needs, whatever fails and whenever it is cancelled', () => {
    const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        graph,
        fc.integer(),
        fc.constantFrom<'abort' | 'continue'>('abort', 'continue'),
        fc.option(fc.nat(60)),
        (needs, seed, onFailure, cancelAt) => {
          const edges: Record<string, string[]> = {};
          for (const [at, producers] of needs.entries())
            edges[`f${at}`] = [...new Set(producers)].filter((producer) => producer < at).map((one) => `f${one}`);
          const { state, feed } = open(edges, { onFailure, maxRetries: 1 });
          drive(state, feed, dice(seed), cancelAt ?? undefined);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Plays allocator and executor with dice until the run has ended. */
function drive(state: RunState, feed: (happening: RunHappening) => string[], roll: () => number, cancelAt: number | undefined): void {
  const { plan } = state;
  const wanted = new Set<number>();
  const resting = new Set<number>();
  const underWay = new Map<number, 'running' | 'stopping'>();
  let claims = 0;
  let ended = 0;
  const hear = (commands: string[]): void => {
    for (const command of commands) {
      const [type, id] = command.split(' ') as [string, string | undefined];
      const index = id === undefined ? -1 : plan.indexOf.get(id)!;
      if (type === 'request-claim') {
        for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1) {
          expect(state.states[plan.producers[at]!]).to.equal('succeeded');
        }
        wanted.add(index);
      } else if (type === 'start-attempt') underWay.set(index, 'running');
      else if (type === 'stop-attempt') underWay.set(index, 'stopping');
      else if (type === 'rest-function') resting.add(index);
      else if (type === 'free-claim') claims -= 1;
      else if (type === 'end-run') ended += 1;
    }
    expect(Object.values(progressOf(state)).reduce((sum, count) => sum + count, 0)).to.equal(2 * plan.size);
    expect(state.underWay).to.equal(state.states.filter(holdsClaim).length);
    expect(claims).to.equal(state.underWay);
  };
  const pick = (of: Iterable<number>): number => {
    const all = [...of];
    return all[roll() % all.length]!;
  };
  hear(feed({ type: 'run-begun' }));
  for (let turn = 0; ended === 0; turn += 1) {
    expect(turn).to.be.below(10_000);
    if (turn === cancelAt) hear(feed({ type: 'run-ending', error: new HandoffError('HANDOFF_RUN_CANCELLED', ''), graceMs: 0 }));
    else if (underWay.size > 0 && (roll() < 50 || wanted.size + resting.size === 0)) {
      const index = pick(underWay.keys());
      const attempt = state.attempts[index]!;
      const isStopping = underWay.get(index) === 'stopping';
      const die = roll();
      if (!isStopping && state.states[index] === 'placed') hear(feed({ type: 'attempt-started', index, attempt }));
      else {
        underWay.delete(index);
        if (isStopping) hear(feed({ type: 'attempt-stopped', index, attempt }));
        else if (die < 20) hear(feed({ type: 'attempt-failed', index, attempt, error: new Error('boom'), final: die < 5, random: 0 }));
        else hear(feed({ type: 'attempt-succeeded', index, attempt, receipt }));
      }
    } else if (wanted.size > 0) {
      const index = pick(wanted);
      wanted.delete(index);
      claims += 1;
      hear(feed({ type: 'function-placed', index, node: 'n' }));
    } else if (resting.size > 0) {
      const index = pick(resting);
      resting.delete(index);
      hear(feed({ type: 'function-rested', index, attempt: state.attempts[index]! }));
    }
  }
  expect(ended).to.equal(1);
  expect(claims).to.equal(0);
  expect(state.states.every(isFinal)).to.equal(true);
}
