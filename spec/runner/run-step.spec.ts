import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { move } from '../../lib/runner/brain/run-state.js';
import { transitionsOf } from '../../lib/runner/brain/transition-log.js';
import { thrownData } from '../../lib/value/index.js';
import { open, receipt } from './brain.js';

describe('the brain of a run', () => {
  it('asks for claims of what needs nothing, then of each function whose last producer has succeeded', () => {
    const { begin, run, error } = open({ a: [], b: ['a'], c: ['a', 'b'] });
    expect(begin()).to.deep.equal(['request-claim a']);
    expect(run('a')).to.deep.equal(['start-attempt a', 'free-claim a', 'request-claim b']);
    expect(run('b')).to.deep.equal(['start-attempt b', 'free-claim b', 'request-claim c']);
    expect(run('c')).to.deep.equal(['start-attempt c', 'free-claim c', 'end-run']);
    expect(error()).to.equal(undefined);
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
    const { begin, place, start, fail, rest, told, error } = open({ a: [] }, { maxRetries: 1 });
    begin();
    place('a');
    start('a');
    expect(fail('a')).to.deep.equal(['free-claim a', 'rest-function a']);
    expect(rest('a')).to.deep.equal(['request-claim a']);
    place('a');
    start('a');
    expect(fail('a')).to.deep.equal(['free-claim a', 'end-run']);
    expect(error()).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'a', attempts: 2, dagId: 'd', runId: 'r' });
    expect(error()!.message).to.equal('Function "a" failed after 2 attempts: boom');
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
    const { begin, place, start, fail, error } = open({ a: [] });
    begin();
    place('a');
    start('a');
    expect(fail('a', true)).to.deep.equal(['free-claim a', 'end-run']);
    expect(error()).to.include({ attempts: 1 });
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
    const { begin, place, start, fail, error, told } = open(
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
    expect(error()!.failures!.map(({ functionId }) => functionId)).to.deep.equal(['a', 'b']);
    expect(error()).to.include({ functionId: 'a', code: 'HANDOFF_FUNCTION_FAILED' });
  });

  it('ends with the first reason when it is given several', () => {
    const { begin, place, cancel, stop, feed, error } = open({ a: [] });
    begin();
    place('a');
    cancel();
    feed({ type: 'run-ending', error: thrownData(new HandoffError('HANDOFF_RUN_TIMEOUT', 'late')), graceMs: 0 });
    expect(stop('a')).to.include('end-run');
    expect(error()).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
  });

  it('when it is abandoned cancels every function, stops what runs at once, and ends with that reason whatever it was ending for', () => {
    const { begin, place, start, run, cancel, stop, feed, state, told, error } = open({ a: [], b: [], c: ['b'], d: [] });
    begin();
    run('a');
    place('b');
    start('b');
    cancel();
    const abandoned = thrownData(new HandoffError('HANDOFF_RUN_ABORTED', 'its DagRunner ended again and again'));
    expect(feed({ type: 'run-abandoned', error: abandoned })).to.deep.equal(['stop-attempt b']);
    expect(stop('b')).to.deep.equal(['free-claim b', 'end-run']);
    expect(error()).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    expect(progressOf(state)).to.include({ succeeded: 1, cancelled: 3, running: 0, waiting: 0 });
    expect(told.filter((line) => line.startsWith('function-cancelled'))).to.have.length(3);
    expect(transitionsOf(state.transitions).at(-1)).to.deep.equal([0, 1, 'running', 'cancelled', 'cancelled']);
  });

  it('ends at once when it is abandoned before it began', () => {
    const { feed, state } = open({ a: [], b: ['a'] });
    expect(feed({ type: 'run-abandoned', error: thrownData(new Error('over')) })).to.deep.equal(['end-run']);
    expect(progressOf(state)).to.include({ cancelled: 2 });
  });

  it('keeps the claim of an attempt that is over while its code goes on', () => {
    const { begin, place, start, feed, rest } = open({ a: [], b: [] });
    begin();
    place('a');
    start('a');
    const error = thrownData(new Error('late'));
    const failed = { type: 'attempt-failed', index: 0, attempt: 1, error, final: false, random: 0, keepsClaim: true } as const;
    expect(feed(failed)).to.deep.equal(['rest-function a']);
    rest('a');
    place('a');
    start('a');
    expect(feed({ type: 'attempt-stopped', index: 0, attempt: 2, keepsClaim: true })).to.deep.equal([]);
  });

  it('gives a claim back that comes when it is no longer wanted', () => {
    const { begin, place, cancel, stop } = open({ a: [], b: [] });
    begin();
    place('a');
    cancel();
    expect(place('b')).to.deep.equal(['free-claim b']);
    stop('a');
    expect(place('b'), 'even after the end').to.deep.equal(['free-claim b']);
  });

  it('drops answers of attempts that are over', () => {
    const { begin, place, start, fail, rest, feed, index, state } = open({ a: [] });
    begin();
    place('a');
    start('a');
    fail('a');
    rest('a');
    place('a');
    start('a');
    expect(feed({ type: 'attempt-succeeded', index: index('a'), attempt: 1, receipt })).to.deep.equal([]);
    expect(feed({ type: 'attempt-failed', index: index('a'), attempt: 1, error: thrownData(1), final: true, random: 0 })).to.deep.equal([]);
    expect(state.states[0]).to.equal('running');
  });

  it('throws with the story of the run when something happens that cannot', () => {
    const { begin, run, state } = open({ a: [] });
    begin();
    run('a');
    expect(() => move(state, 0, 'inputs-ready', { nowMs: 0, wallMs: 0 })).to.throw(
      /"a" is succeeded, which inputs-ready cannot follow(.|\n)*a running --succeeded--> succeeded/,
    );
  });
});
