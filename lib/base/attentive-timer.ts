import type { Clock, Timer } from './clock.js';

/** The number of slices in which the time is counted. */
const SLICES = 100;

/**
 * Calls `action` once this process has been able to listen for `delayMs`. Time in which its event loop was blocked, or got no processor,
 * does not count: the answer may have arrived unread.
 *
 * The delay is counted in hundredths; a slice that took longer counts as one slice. On a machine that keeps up, this is `clock.after`.
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
