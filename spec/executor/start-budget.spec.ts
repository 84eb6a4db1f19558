import { expect } from 'chai';
import { StartBudget } from '../../lib/executor/attempts/start-budget.js';
import { testClock } from '../support/test-clock.js';

describe('a turn of the event loop', () => {
  const node = () => {
    const clock = testClock();
    const deferred: (() => void)[] = [];
    const turn = new StartBudget(clock, (action) => void deferred.push(action));
    const begun: string[] = [];
    /** A function that takes so long: begins now or stands in line. */
    const want = (name: string, ms: number): void => {
      const begin = (): void => {
        begun.push(name);
        clock.advance(ms);
      };
      turn.take(begin);
    };
    const loop = (): void => {
      for (const action of deferred.splice(0)) action();
    };
    return { begun, deferred, want, loop, turn, clock };
  };

  it('has functions begin for 2 ms, and those that come later stand in line until the loop has had its own', () => {
    const { begun, deferred, want, loop } = node();
    for (const name of ['a', 'b', 'c', 'd']) want(name, 1);
    expect(begun).to.deep.equal(['a', 'b']);
    expect(deferred, 'one for all').to.have.length(1);
    loop();
    expect(begun).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('is one for all that stand in line, however many they are', () => {
    const { begun, want, loop } = node();
    for (let at = 0; at < 10; at += 1) want(`${at}`, 0.9);
    for (const so of [3, 6, 9, 10]) {
      expect(begun).to.have.length(so);
      loop();
    }
  });

  it('is no longer for functions that are: one at a time, and the loop between any two', () => {
    const { begun, want, loop } = node();
    for (const name of ['a', 'b', 'c']) want(name, 100);
    expect(begun).to.deep.equal(['a']);
    loop();
    expect(begun).to.deep.equal(['a', 'b']);
    loop();
    expect(begun).to.deep.equal(['a', 'b', 'c']);
  });

  it('lets nobody pass those who stand in line, and has who comes meanwhile begin in the same turn, if there is time', () => {
    const { begun, want, loop, turn, clock } = node();
    want('long', 3);
    turn.take(() => {
      begun.push('first');
      want('third', 1);
    });
    want('second', 1);
    expect(turn.mayBegin()).to.equal(false);
    loop();
    expect(begun).to.deep.equal(['long', 'first', 'second', 'third']);
    clock.advance(1);
    expect(turn.mayBegin()).to.equal(false);
    loop();
    expect(turn.mayBegin(), 'nobody waited, and the loop has had its turn').to.equal(true);
  });

  it('goes on with the others when one of them throws', () => {
    const { begun, want, loop, turn } = node();
    want('long', 3);
    turn.take(() => {
      throw new Error('a bug');
    });
    want('next', 1);
    expect(loop).to.throw('a bug');
    loop();
    expect(begun).to.deep.equal(['long', 'next']);
  });

  it('asks nothing of a loop on which nothing is to begin', () => {
    const { deferred, want, loop } = node();
    expect(deferred).to.have.length(0);
    want('a', 1);
    loop();
    loop();
    expect(deferred).to.have.length(0);
  });
});
