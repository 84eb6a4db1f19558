import type { Clock, Timer } from './clock.js';

/** The number of slices in which the time is counted. */
const SLICES = 100;

/** Timers of Node wait for at least this long. A rest of less may be lost in rounding, so that the clock does not move. */
const LEAST_MS = 1;

/**
 * Calls `action` once this process has been able to listen for `delayMs`, never earlier. Time in which its event loop was blocked, or got
 * no processor, does not count: the answer may have arrived unread.
 *
 * The delay is counted in hundredths; a slice that took longer counts as one slice. On a machine that keeps up, this is `clock.after`,
 * except that it may be a millisecond late: the sum of the slices is rounded, and Node's timers fire up to a millisecond early.
 */
export function afterAttentive(clock: Clock, delayMs: number, action: () => void): Timer {
  const dueMs = clock.now() + delayMs;
  let left = SLICES;
  let timer: Timer;
  const slice = (): void => {
    left -= 1;
    timer = clock.after(delayMs / SLICES, left === 0 ? last : slice);
  };
  const last = (): void => {
    const earlyMs = dueMs - clock.now();
    if (earlyMs > 0) timer = clock.after(Math.max(LEAST_MS, earlyMs), last);
    else action();
  };
  slice();
  return { cancel: () => timer.cancel() };
}
