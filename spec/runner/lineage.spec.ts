import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import { holdsClaim, isFinal } from '../../lib/runner/brain/function-state.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { dice, open, receipt } from './brain.js';

const lostError = new HandoffError('HANDOFF_RESULT_LOST', 'nobody has it');

describe('values that are lost', () => {
  it('are computed again when a function that has not ended needs them, and only then', () => {
    const { begin, run, lose, told, state } = open({ a: [], b: [], c: ['a'], d: ['b', 'c'] }, { collect: ['d'] });
    begin();
    for (const id of ['a', 'b', 'c']) run(id);
    expect(lose('a', 'c'), 'a has been dropped, but c cannot be made without it').to.deep.equal(['withdraw-claim d', 'request-claim a']);
    expect(told.slice(-3)).to.deep.equal(['function-lost c', 'function-lost a', 'function-ready a']);
    expect(run('a')).to.deep.equal(['start-attempt a', 'free-claim a', 'request-claim c']);
    expect(run('c')).to.deep.equal(['start-attempt c', 'free-claim c', 'request-claim d', 'drop-value a']);
    expect(run('d')).to.include('end-run');
    expect([...state.attempts], 'b is untouched').to.deep.equal([2, 1, 2, 1]);
  });

  it('are nobody’s business when nobody needs them', () => {
    const { begin, run, lose, state } = open({ a: [], b: ['a'], c: [] }, { collect: ['b', 'c'] });
    begin();
    run('a');
    run('b');
    expect(lose('a')).to.deep.equal([]);
    expect(run('c')).to.include('end-run');
    expect(state.error).to.equal(undefined);
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
    const { begin, place, start, feed, index, attempt, state } = open({ a: [] });
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
    expect(state.error).to.equal(lostError);
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

  it('hold up no run for ever: whatever is lost and whenever, every function has run on what it needs, and every claim is freed once', () => {
    const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(
        graph,
        fc.integer(),
        fc.boolean(),
        fc.constantFrom<'abort' | 'continue'>('abort', 'continue'),
        (needs, seed, all, onFailure) => {
          const edges: Record<string, string[]> = {};
          for (const [at, producers] of needs.entries()) {
            edges[`f${at}`] = [...new Set(producers)].filter((producer) => producer < at).map((one) => `f${one}`);
          }
          drive(open(edges, { onFailure, maxRetries: 1, ...(!all && { collect: [`f${needs.length - 1}`] }) }), dice(seed));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Plays a cluster that loses values, with dice, until the run has ended; for the first 300 turns, after that it only works. */
function drive({ state, feed }: ReturnType<typeof open>, roll: () => number): void {
  const { plan } = state;
  const wanted = new Set<number>();
  const resting = new Set<number>();
  const underWay = new Map<number, 'running' | 'stopping'>();
  const fetching: [number, number][] = [];
  let claims = 0;
  let ended = 0;
  const producersOf = (index: number): Int32Array => plan.producers.subarray(plan.producersStart[index]!, plan.producersStart[index + 1]!);
  const hear = (commands: string[]): void => {
    for (const command of commands) {
      const [type, id] = command.split(' ') as [string, string | undefined];
      const index = id === undefined ? -1 : plan.indexOf.get(id)!;
      if (type === 'request-claim') wanted.add(index);
      else if (type === 'withdraw-claim') wanted.delete(index);
      else if (type === 'start-attempt') {
        expect([...producersOf(index)].every((producer) => state.hasValue[producer] === 1)).to.equal(true);
        underWay.set(index, 'running');
      } else if (type === 'stop-attempt') underWay.set(index, 'stopping');
      else if (type === 'rest-function') resting.add(index);
      else if (type === 'fetch-value') fetching.push([index, state.attempts[index]!]);
      else if (type === 'free-claim') claims -= 1;
      else if (type === 'end-run') ended += 1;
    }
    expect(state.underWay).to.equal(state.states.filter(holdsClaim).length);
    expect(state.settled).to.equal(state.states.filter(isFinal).length);
    expect(claims).to.equal(state.underWay);
    if (state.phase !== 'open') return;
    for (let index = 0; index < plan.size; index += 1) {
      const missing = [...producersOf(index)].filter((producer) => state.states[producer] !== 'succeeded').length;
      expect(state.missing[index], plan.ids[index]).to.equal(missing);
      if (state.states[index] === 'ready') expect(missing).to.equal(0);
    }
  };
  const pick = (of: Iterable<number>): number => {
    const all = [...of];
    return all[roll() % all.length]!;
  };
  hear(feed({ type: 'run-begun' }));
  for (let turn = 0; ended === 0; turn += 1) {
    expect(turn).to.be.below(10_000);
    const lost = turn < 300 && roll() < 15 ? [...plan.ids.keys()].filter((index) => state.hasValue[index] === 1 && roll() < 50) : [];
    if (lost.length > 0) hear(feed({ type: 'values-lost', indices: lost }));
    else if (fetching.length > 0 && roll() < 30) {
      const [index, attempt] = fetching.shift()!;
      const isThere = state.hasValue[index] === 1 || state.attempts[index] !== attempt;
      hear(feed(isThere ? { type: 'value-fetched', index, attempt } : { type: 'value-missing', index, attempt, error: lostError }));
    } else if (underWay.size > 0 && (roll() < 50 || wanted.size + resting.size === 0)) {
      const index = pick(underWay.keys());
      const attempt = state.attempts[index]!;
      const isStopping = underWay.get(index) === 'stopping';
      const gone = [...producersOf(index)].find((producer) => state.hasValue[producer] === 0);
      const die = roll();
      const isStarting = !isStopping && state.states[index] === 'placed' && (die < 10 || die >= 20) && !(gone !== undefined && die < 70);
      if (isStarting) hear(feed({ type: 'attempt-started', index, attempt }));
      else {
        underWay.delete(index);
        if (isStopping) hear(feed({ type: 'attempt-stopped', index, attempt }));
        else if (gone !== undefined && die < 70) hear(feed({ type: 'argument-lost', index, attempt, producer: gone, error: lostError }));
        else if (die < 10 && state.states[index] === 'running')
          hear(feed({ type: 'attempt-failed', index, attempt, error: new Error('boom'), final: die < 3, random: 0 }));
        else if (die < 20) hear(feed({ type: die < 15 ? 'attempt-lost' : 'attempt-declined', index, attempt }));
        else hear(feed({ type: 'attempt-succeeded', index, attempt, receipt: { ...receipt, isHere: die < 60 } }));
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
    } else if (fetching.length > 0) {
      const [index, attempt] = fetching.shift()!;
      hear(feed({ type: 'value-fetched', index, attempt }));
    } else throw new Error(`nothing is left to do, and the run has not ended: ${state.states.join(', ')}`);
  }
  expect(ended).to.equal(1);
  expect(claims).to.equal(0);
  expect(state.states.every(isFinal)).to.equal(true);
}
