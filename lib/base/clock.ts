/**
 * The source of time. Everything that waits receives one, so that specs and simulations can bring their own. `setTimeout` and `Date.now`
 * are used nowhere else.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start, for every decision. A change of the wall clock does not affect it. */
  now(): number;
  /**
   * Milliseconds since 1970, for people to read. It decides only how long files are kept, and what was changed after it was loaded: files
   * know no other clock.
   */
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
    if (delayMs <= LONGEST_TIMER_MS) return new MachineTimer(setTimeout(action, delayMs).unref());
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
const machineInterval = setInterval;

/** A timer of the machine. A class, as one is made for each run. */
class MachineTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(handle: NodeJS.Timeout) {
    this.#handle = handle;
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** What keeps the process alive, and for how many. Holding one timer costs less than a timer for each small run. */
let alive: NodeJS.Timeout | undefined;
let holders = 0;

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
  return new Holder();
}

class Holder implements Timer {
  #isHeld = true;

  constructor() {
    alive ??= machineInterval(() => {}, LONGEST_TIMER_MS);
    holders += 1;
    if (holders === 1) alive.ref();
  }

  cancel(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    holders -= 1;
    if (holders === 0) alive!.unref();
  }
}

/** A scheduled call that can be cancelled. */
export interface Timer {
  /** It does not fire any more. No effect once it has. */
  cancel(): void;
}
