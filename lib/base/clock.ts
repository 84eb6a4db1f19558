/** Something that will happen unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Handed to everything that waits, so that specs and simulations bring their own; `setTimeout` and `Date.now` are
 * used nowhere else.
 */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start: for every decision. A change of the wall clock does not move it. */
  now(): number;
  /** Milliseconds since 1970: for people to read, never for a decision. */
  wallNow(): number;
  /** Calls `action` once, `delayMs` from now; any finite delay is honoured. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

/** Node fires a longer timer after 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** As it is before code of users can change it: fake timers that a function leaves behind would make time stand still, or run backwards. */
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
 * Calls `action` once, `delayMs` from now in the machine's own time, also within a simulation: for housekeeping that decides nothing. It
 * does not keep the process alive.
 */
export function machineTimer(delayMs: number, action: () => void): void {
  machineTimeout(action, delayMs).unref();
}

/** Keeps the process alive until it is cancelled: for runs and calls in progress, as the timers of `Clock` do not. */
export function keepAlive(): Timer {
  const handle = setInterval(() => {}, LONGEST_TIMER_MS);
  return { cancel: () => clearInterval(handle) };
}
