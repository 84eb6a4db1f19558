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

  describe('of a durable run', () => {
    const edges = { a: [], b: ['a'], c: ['b'], d: ['c'] };
    const far = { ...receipt, node: 'far', isHere: false };
    /** `b` and `c` are elsewhere; `a`, of which they are made, is recorded. */
    function madeFar(over: { journal?: 'batched' } = { journal: 'batched' }) {
      const one = open(edges, { collect: ['d'], ...over });
      const makeFar = (id: string): string[] => {
        one.place(id, 'far');
        one.start(id);
        return one.feed({ type: 'attempt-succeeded', index: one.index(id), attempt: one.attempt(id), receipt: far });
      };
      one.begin();
      return { ...one, makeFar, dropped: [...one.run('a'), ...makeFar('b'), ...makeFar('c')].filter((command) => /^drop/.test(command)) };
    }

    it('are made again of what is recorded: that was kept, and does not run again', () => {
      const { dropped, lose, makeFar, told } = madeFar();
      expect(dropped).to.deep.equal(['drop-value b']);
      expect(lose('c')).to.deep.equal(['withdraw-claim d', 'request-claim b']);
      expect(told.filter((line) => line.startsWith('function-lost'))).to.deep.equal(['function-lost c', 'function-lost b']);
      expect(makeFar('b')).to.not.include('drop-value a');
      makeFar('c');
    });

    it('keep it no longer than something may need them', () => {
      const { run, lose, makeFar } = madeFar();
      lose('c');
      makeFar('b');
      makeFar('c');
      expect(run('d').filter((command) => /^drop/.test(command))).to.deep.equal(['drop-value c', 'drop-value a']);
    });

    it('are made again of all that went into them where nothing is recorded', () => {
      const { dropped, lose } = madeFar({});
      expect(dropped).to.deep.equal(['drop-value a', 'drop-value b']);
      expect(lose('c')).to.deep.equal(['withdraw-claim d', 'request-claim a']);
    });
  });
});
