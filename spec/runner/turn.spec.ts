import { expect } from 'chai';
import { Turn } from '../../lib/runner/turn.js';
import { testClock } from '../support/test-clock.js';

describe('a turn of the event loop', () => {
  it('lasts 2 ms from where it begins, and then somebody else has theirs', () => {
    const clock = testClock();
    const turn = new Turn(clock);
    turn.begin();
    clock.advance(1.9);
    expect(turn.lasts).to.equal(true);
    clock.advance(0.2);
    expect(turn.lasts).to.equal(false);
    turn.begin();
    expect(turn.lasts).to.equal(true);
  });

  it('begins by itself when none was taken for as long: nobody waits for a loop that is idle', () => {
    const clock = testClock();
    const turn = new Turn(clock);
    expect(turn.lasts).to.equal(true);
    clock.advance(3.9);
    expect(turn.lasts).to.equal(false);
    clock.advance(0.2);
    expect(turn.lasts).to.equal(true);
    clock.advance(2.1);
    expect(turn.lasts).to.equal(false);
  });
});
