import type { Clock, Timer } from '../base/index.js';

/** How often a membership looks at the time within one interval: a silent member is noticed that much closer to its deadline. */
const TICKS_PER_BEAT = 4;

/**
 * Calls `tick` four times per `intervalMs` until it is cancelled, with how late the call was on this process's own clock. A loop that stood
 * still is late once, by as long as it stood; the ticks it missed are not made up for.
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
