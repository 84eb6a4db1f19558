import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { move } from '../../lib/runner/brain/run-state.js';
import { transitionsOf } from '../../lib/runner/brain/transition-log.js';
import { thrownData } from '../../lib/value/index.js';
import { open, receipt } from './brain.js';

describe('the brain of a run', () => {
  it('ends at once when there is nothing to do', () => {
    expect(open({}).begin()).to.deep.equal(['end-run']);
  });

  it('begins some thousands of functions in one turn, the others in the next, and none once it is to end', () => {
    const many = Object.fromEntries(Array.from({ length: 4500 }, (_, at) => [`f${at}`, []]));
    const whole = open(many);
    const first = whole.begin();
    expect(recover(whole.state, { nowMs: 0, wallMs: 0 }).at(-1), 'what is outstanding').to.deep.equal({ type: 'take-turn' });
    const counts = [first, whole.feed({ type: 'turn-taken' }), whole.feed({ type: 'turn-taken' })].map((commands) => [
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
    expect(cancelled.cancel(), 'a turn is on its way').to.deep.equal([]);
    expect(cancelled.feed({ type: 'turn-taken' })).to.deep.equal(['take-turn']);
    expect(cancelled.feed({ type: 'turn-taken' })).to.deep.equal(['end-run']);
    expect(cancelled.feed({ type: 'turn-taken' })).to.deep.equal([]);
    expect(cancelled.state.counts).to.include({ cancelled: 4500, ready: 0 });
  });

  it('ends some thousands of functions in one turn, but stops what runs at once; meanwhile nothing starts, rests or fails it', () => {
    const ids = Array.from({ length: 9000 }, (_, at) => `f${at}`);
    const many = open(Object.fromEntries(ids.map((id) => [id, id === 'f0' || id === 'f8999' || id === 'f8998' ? [] : ['f0']])));
    many.begin();
    for (const id of ['f0', 'f8999']) {
      many.place(id);
      many.start(id);
    }
    expect(many.fail('f8999'), 'it is to rest').to.deep.equal(['free-claim f8999', 'rest-function f8999']);
    expect(many.cancel()).to.deep.equal(['stop-attempt f0', 'take-turn']);
    const { state } = many;
    expect([state.counts.cancelled, state.states[8998], state.states[8999]]).to.deep.equal([4000, 'ready', 'resting']);
    const outstanding = recover(state, { nowMs: 0, wallMs: 0 }).map(({ type }) => type);
    expect(outstanding).to.deep.equal(['stop-attempt', 'take-turn']);
    expect(many.place('f8998'), 'it was on its way').to.deep.equal(['free-claim f8998']);
    expect(many.feed({ type: 'function-rested', index: 8999, attempt: 1 })).to.deep.equal([]);
    expect(many.feed({ type: 'placement-refused', index: 8998, error: thrownData(new Error('no')) })).to.deep.equal([]);
    expect(many.feed({ type: 'turn-taken' })).to.deep.equal(['take-turn']);
    expect(many.feed({ type: 'turn-taken' })).to.deep.equal([]);
    expect(many.stop('f0')).to.deep.equal(['free-claim f0', 'end-run']);
    expect(state.counts).to.include({ cancelled: 9000 });
  });

  it('ends all of them at once when nobody is left to take turns', () => {
    const many = open(Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`f${at}`, []])));
    many.begin();
    expect(many.feed({ type: 'run-abandoned', error: thrownData(new Error('no')) }).at(-1)).to.equal('end-run');
  });

  it('drops a value when its last consumer has succeeded, unless it is collected', () => {
    const { begin, run } = open({ a: [], b: ['a'], c: ['a'], d: [] }, { collect: ['b'] });
    begin();
    run('a');
    expect(run('b')).to.not.include('drop-value a');
    expect(run('c')).to.deep.equal(['start-attempt c', 'free-claim c', 'drop-value a', 'drop-value c']);
    expect(run('d'), 'nobody ever needs it').to.include('drop-value d');
  });

  it('ends with an error that names the run, the function and its attempts', () => {
    const { begin, place, start, fail, error } = open({ a: [] }, { maxRetries: 0 });
    begin();
    place('a');
    start('a');
    fail('a');
    expect(error()).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'a', attempts: 1, dagId: 'd', runId: 'r', node: 'n' });
    expect(error()!.cause).to.be.an('error').with.property('message', 'boom');
    expect(error()!.attemptErrors).to.deep.equal([error()!.cause]);
  });

  it('does not try again after a final failure', () => {
    const { begin, place, start, fail, error } = open({ a: [] });
    begin();
    place('a');
    start('a');
    expect(fail('a', true)).to.deep.equal(['free-claim a', 'end-run']);
    expect(error()).to.include({ attempts: 1 });
  });

  it('lists every failure with onFailure continue, the first as its own', () => {
    const { begin, place, start, fail, error } = open({ a: [], b: [], c: [] }, { maxRetries: 0, onFailure: 'continue' });
    begin();
    for (const id of ['a', 'b', 'c']) {
      place(id);
      start(id);
    }
    for (const id of ['b', 'a', 'c']) fail(id);
    expect(error()!.failures!.map(({ functionId }) => functionId)).to.deep.equal(['b', 'a', 'c']);
    expect(error()).to.include({ functionId: 'b', code: 'HANDOFF_FUNCTION_FAILED' });
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
