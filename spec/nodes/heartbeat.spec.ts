import { expect } from 'chai';
import type { Clock } from '../../lib/base/index.js';
import { startHeartbeat } from '../../lib/nodes/heartbeat.js';
import { testClock } from '../support/test-clock.js';

describe('the heartbeat', () => {
  it('ticks four times in an interval, on time', () => {
    const clock = testClock();
    const ticks: [number, number][] = [];
    startHeartbeat(clock, 400, (lagMs) => ticks.push([clock.now(), lagMs]));
    clock.advance(400);
    expect(ticks).to.deep.equal([
      [100, 0],
      [200, 0],
      [300, 0],
      [400, 0],
    ]);
  });

  it('says how late it is, once, and goes on from there', () => {
    const clock = testClock();
    const lags: number[] = [];
    let lateMs = 0;
    const late: Clock = { ...clock, after: (ms, action) => clock.after(ms + lateMs, action) };
    lateMs = 3000;
    startHeartbeat(late, 400, (lagMs) => lags.push(lagMs));
    lateMs = 0;
    clock.advance(3300);
    expect(lags).to.deep.equal([3000, 0, 0]);
  });

  it('ends when it is cancelled, also within a tick', () => {
    const clock = testClock();
    let count = 0;
    const heart = startHeartbeat(clock, 400, () => {
      count += 1;
      if (count === 2) heart.cancel();
    });
    clock.advance(1000);
    expect(count).to.equal(2);
    expect(clock.pending).to.equal(0);
  });
});
