import type { Clock, Timer } from '../base/index.js';

/** How many ticks there are in one interval. More ticks notice a silent member closer to its deadline. */
const TICKS_PER_BEAT = 4;

/**
 * Calls `tick` four times per `intervalMs` until it is cancelled, with the delay of the call on this process's own clock. A blocked loop
 * causes one late call, as late as the loop was blocked; missed ticks are not repeated.
 */
export function startHeartbeat(clock: Clock, intervalMs: number, tick: (lagMs: number) => void): Timer {
  const periodMs = intervalMs / TICKS_PER_BEAT;
  let dueMs = clock.now() + periodMs;
  let timer: Timer;
  const fire = (): void => {
    const nowMs = clock.now();
    const lagMs = Math.max(0, nowMs - dueMs);
    dueMs = nowMs + periodMs;
    timer = clock.after(periodMs, fire);
    tick(lagMs);
  };
  timer = clock.after(periodMs, fire);
  return { cancel: () => timer.cancel() };
}
