import { type Clock, keepAlive, systemClock, type Timer } from '../../base/index.js';

/**
 * Calls `action` once, `delayMs` from now, for a caller that waits until then. Unlike a timer of the clock it keeps the process alive, so
 * that a top-level `await` comes to its end. Only the machine's clock is kept alive: another clock's time may never come.
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
