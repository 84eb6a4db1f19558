import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { thrownData } from '../../lib/value/index.js';
import { open, receipt } from './brain.js';

const lostError = thrownData(new HandoffError('HANDOFF_RESULT_LOST', 'nobody has it'));

describe('values that are lost', () => {
  it('are nobody’s business when nobody needs them', () => {
    const { begin, run, lose, error } = open({ a: [], b: ['a'], c: [] }, { collect: ['b', 'c'] });
    begin();
    run('a');
    run('b');
    expect(lose('a')).to.deep.equal([]);
    expect(run('c')).to.include('end-run');
    expect(error()).to.equal(undefined);
  });

  it('are computed again when the caller wants them and has not got them yet', () => {
    const { begin, place, start, feed, index, run, attempt } = open({ a: [] });
    begin();
    place('a', 'far');
    start('a');
    const kept = { ...receipt, node: 'far', isHere: false };
    expect(feed({ type: 'attempt-succeeded', index: index('a'), attempt: 1, receipt: kept })).to.deep.equal([
      'free-claim a',
      'fetch-value a',
    ]);
    expect(feed({ type: 'values-lost', indices: [0] })).to.deep.equal(['request-claim a']);
    expect(feed({ type: 'value-missing', index: 0, attempt: 1, error: lostError }), 'the fetch fails later').to.deep.equal([]);
    expect(run('a')).to.include('end-run');
    expect(attempt('a')).to.equal(2);
  });

  it('may be missing three times on a node that lives, then the run ends', () => {
    const { begin, place, start, feed, index, attempt, error } = open({ a: [] });
    begin();
    const kept = { ...receipt, node: 'far', isHere: false };
    const miss = (): string[] => {
      place('a', 'far');
      start('a');
      feed({ type: 'attempt-succeeded', index: index('a'), attempt: attempt('a'), receipt: kept });
      return feed({ type: 'value-missing', index: 0, attempt: attempt('a'), error: lostError });
    };
    for (let time = 0; time < 3; time += 1) expect(miss()).to.deep.equal(['request-claim a']);
    expect(miss()).to.deep.equal(['end-run']);
    expect(error()).to.include({ code: 'HANDOFF_RESULT_LOST', message: 'nobody has it' });
  });

  it('send an attempt that does not get them back to wait, and that is no failure of it', () => {
    const { begin, run, place, start, feed, index, attempt, state } = open({ a: [], b: ['a'] });
    begin();
    run('a');
    place('b');
    start('b');
    const lost = { type: 'argument-lost', index: index('b'), attempt: attempt('b'), producer: index('a'), error: lostError } as const;
    expect(feed(lost)).to.deep.equal(['free-claim b', 'request-claim a']);
    expect(state.failures[1]).to.equal(0);
    expect(run('a')).to.include('request-claim b');
    expect(run('b')).to.include('end-run');
  });

  it('ask for a function again at once when its argument is there by now', () => {
    const { begin, run, place, start, feed, index, attempt, lose } = open({ a: [], b: ['a'] });
    begin();
    run('a');
    place('b');
    start('b');
    lose('a');
    run('a');
    // It has looked for it where it was before; a is held, so this is a miss of a node that lives, and a is made once more.
    const lost = { type: 'argument-lost', index: index('b'), attempt: attempt('b'), producer: index('a'), error: lostError } as const;
    expect(feed(lost)).to.deep.equal(['free-claim b', 'request-claim a']);
  });

  it('let a function that rests meanwhile wait, and skip it when they cannot be made again', () => {
    const { begin, run, place, start, fail, rest, lose, state, told } = open({ a: [], b: ['a'], c: ['b'] }, { onFailure: 'continue' });
    begin();
    run('a');
    place('b');
    start('b');
    fail('b');
    expect(lose('a')).to.deep.equal(['request-claim a']);
    place('a');
    start('a');
    expect(fail('a', true)).to.deep.equal(['free-claim a']);
    expect(rest('b')).to.deep.equal(['withdraw-claim b', 'end-run']);
    expect(told).to.include.members(['function-skipped b', 'function-skipped c']);
    expect(progressOf(state)).to.include({ failed: 1, skipped: 2 });
  });

  it('change nothing once the run is ending', () => {
    const { begin, run, place, cancel, lose, stop } = open({ a: [], b: ['a'] });
    begin();
    run('a');
    place('b');
    cancel();
    expect(lose('a')).to.deep.equal([]);
    expect(stop('b')).to.include('end-run');
  });
});
