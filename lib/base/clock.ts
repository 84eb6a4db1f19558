/**
 * The source of time. Everything that waits receives one, so that specs and simulations can bring their own. `setTimeout` and `Date.now`
 * are used nowhere else.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start, for every decision. A change of the wall clock does not affect it. */
  now(): number;
  /** Milliseconds since 1970, for people to read. It decides only how long files are kept, which no other clock knows after a restart. */
  wallNow(): number;
  /** Calls `action` once, `delayMs` from now. Any finite delay is honoured. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

/** Node fires a timer with a longer delay after 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Taken before user code can replace it. Fake timers that a function leaves behind would stop time, or turn it back. */
const monotonicNow = performance.now.bind(performance);

/** The machine's own time. */
export const systemClock: Clock = {
  now: monotonicNow,
  wallNow: () => Date.now(),
  after(delayMs, action) {
    let leftMs = delayMs;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const nextMs = Math.min(leftMs, LONGEST_TIMER_MS);
      leftMs -= nextMs;
      handle = setTimeout(leftMs > 0 ? arm : action, nextMs);
      handle.unref();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

const machineTimeout = setTimeout;

/**
 * Calls `action` once, `delayMs` from now in the machine's own time, also within a simulation. Meant for housekeeping that decides nothing.
 * Does not keep the process alive.
 */
export function machineTimer(delayMs: number, action: () => void): void {
  machineTimeout(action, delayMs).unref();
}

/**
 * Keeps the process alive until the returned timer is cancelled. Runs and calls in progress need it, as the timers of `Clock` do not keep
 * the process alive.
 */
export function keepAlive(): Timer {
  const handle = setInterval(() => {}, LONGEST_TIMER_MS);
  return { cancel: () => clearInterval(handle) };
}

/** A scheduled call that can be cancelled. */
export interface Timer {
  /** It does not fire any more. No effect once it has. */
  cancel(): void;
}
