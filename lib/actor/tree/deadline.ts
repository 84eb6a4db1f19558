import { type Clock, keepAlive, systemClock, type Timer } from '../../base/index.js';

/**
 * Calls `action` once, `delayMs` from now, for somebody who waits until then: unlike a timer of the clock it keeps the process alive, so
 * that what is awaited at the top of a program comes to its end. By the machine's clock only: another's time may never come.
 */
export function deadline(clock: Clock, delayMs: number, action: () => void): Timer {
  if (clock !== systemClock) return clock.after(delayMs, action);
  const alive = keepAlive();
  const timer = clock.after(delayMs, () => {
    alive.cancel();
    action();
  });
  return {
    cancel() {
      alive.cancel();
      timer.cancel();
    },
  };
}
