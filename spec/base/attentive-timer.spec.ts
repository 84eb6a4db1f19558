import { expect } from 'chai';
import { afterAttentive, type Clock } from '../../lib/base/index.js';
import { testClock } from '../support/test-clock.js';

describe('a time-out that is patient with a busy process', () => {
  it('is as long as it says where the process keeps up', () => {
    const clock = testClock();
    const fired: number[] = [];
    afterAttentive(clock, 3000, () => void fired.push(clock.now()));
    clock.advance(2999);
    expect(fired).to.deep.equal([]);
    clock.advance(1);
    expect(fired.length).to.equal(1);
  });

  it('never fires early, however its slices add up', () => {
    for (const [startMs, delayMs] of [
      [10_376.470_000_000_2, 3000],
      [13_376.47, 0.1],
      [0.3, 1000 / 3],
      [8_640_000.7, 1e-9],
    ] as const) {
      const clock = testClock();
      clock.advance(startMs);
      let firedMs = Number.NaN;
      const dueMs = clock.now() + delayMs;
      afterAttentive(clock, delayMs, () => {
        firedMs = clock.now();
      });
      clock.advance(delayMs + 2);
      expect(firedMs, `${startMs} + ${delayMs}`).to.be.within(dueMs, dueMs + 1);
    }
  });

  it('waits for what is left where a clock fires early, for a millisecond at least', () => {
    const clock = testClock();
    const delays: number[] = [];
    const hasty: Clock = {
      ...clock,
      now: () => clock.now(),
      after(delayMs, action) {
        delays.push(delayMs);
        return clock.after(delayMs * 0.999, action);
      },
    };
    let firedMs = Number.NaN;
    afterAttentive(hasty, 1000, () => {
      firedMs = clock.now();
    });
    clock.advance(1100);
    expect(firedMs).to.be.within(1000, 1002);
    expect(Math.min(...delays.slice(100))).to.equal(1);
    expect(delays.length).to.be.below(105);
  });

  it('does not count the time for which the event loop stood still', () => {
    const clock = testClock();
    // Each timer is half a second late, as where each turn of the event loop takes so long.
    const busy: Clock = { ...clock, now: () => clock.now(), after: (delayMs, action) => clock.after(delayMs + 500, action) };
    let isOver = false;
    afterAttentive(busy, 3000, () => {
      isOver = true;
    });
    clock.advance(50_000);
    expect(isOver).to.equal(false);
    clock.advance(3000);
    expect(isOver).to.equal(true);
  });

  it('can be cancelled at any time', () => {
    const clock = testClock();
    for (const afterMs of [0, 10, 990]) {
      const timer = afterAttentive(clock, 1000, () => expect.fail('it was cancelled'));
      clock.advance(afterMs);
      timer.cancel();
    }
    clock.advance(5000);
  });
});
