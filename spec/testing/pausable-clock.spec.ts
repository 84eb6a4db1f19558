import { expect } from 'chai';
import { PausableClock } from '../../lib/testing/pausable-clock.js';
import { testClock } from '../support/test-clock.js';

describe('A clock that can be made to stand still', () => {
  const begin = () => {
    const time = testClock();
    const clock = new PausableClock(time);
    const fired: string[] = [];
    const set = (delayMs: number, name: string) => clock.after(delayMs, () => void fired.push(name));
    return { time, clock, fired, set };
  };

  it('is any other clock until then', () => {
    const { time, clock, fired, set } = begin();
    set(10, 'b');
    set(5, 'a');
    set(7, 'cancelled').cancel();
    time.advance(10);
    expect(fired).to.deep.equal(['a', 'b']);
    expect([clock.now(), clock.wallNow()]).to.deep.equal([time.now(), time.wallNow()]);
  });

  it('holds what becomes due, in order, until it goes on; its time does not stop', () => {
    const { time, clock, fired, set } = begin();
    set(10, 'b');
    set(5, 'a');
    set(50, 'later');
    clock.pause();
    time.advance(20);
    set(0, 'set meanwhile');
    time.advance(1);
    expect(fired).to.deep.equal([]);
    expect(clock.now()).to.equal(21);
    clock.resume();
    time.advance(0);
    expect(fired).to.deep.equal(['a', 'b', 'set meanwhile']);
    time.advance(29);
    expect(fired).to.deep.equal(['a', 'b', 'set meanwhile', 'later']);
  });

  it('forgets what is cancelled while it is held, and holds again what it has not come to', () => {
    const { time, clock, fired, set } = begin();
    const timer = set(1, 'cancelled');
    clock.after(1, () => {
      fired.push('pauses');
      clock.pause();
    });
    set(1, 'held again');
    clock.pause();
    time.advance(1);
    timer.cancel();
    clock.resume();
    time.advance(0);
    expect(fired).to.deep.equal(['pauses']);
    clock.resume();
    time.advance(0);
    expect(fired).to.deep.equal(['pauses', 'held again']);
  });
});
