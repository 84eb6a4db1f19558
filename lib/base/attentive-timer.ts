import type { Clock, Timer } from './clock.js';

/** In how many pieces the time is counted. */
const SLICES = 100;

/**
 * Calls `action` once this process has had `delayMs` to listen. Time in which its own event loop stood still, or got no processor, does not
 * count: the answer may have come and lie unread. Counted in hundredths, each at most as long as it was to be. On a machine that keeps up
 * it is `clock.after`.
 */
export function afterAttentive(clock: Clock, delayMs: number, action: () => void): Timer {
  let left = SLICES;
  let timer: Timer;
  const slice = (): void => {
    left -= 1;
    timer = clock.after(delayMs / SLICES, left === 0 ? action : slice);
  };
  slice();
  return { cancel: () => timer.cancel() };
}
