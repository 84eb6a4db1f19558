import type { Clock, Timer } from '../base/index.js';

/** The clock of a node that can be paused. Time goes on, as for a stopped process, but due timers wait until `resume`. */
export class PausableClock implements Clock {
  readonly #clock: Clock;
  /** Timers that became due during the pause, in order. */
  readonly #due = new Set<() => void>();
  #isPaused = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  after(delayMs: number, action: () => void): Timer {
    const own = (): void => action();
    const timer = this.#clock.after(delayMs, () => {
      if (this.#isPaused) this.#due.add(own);
      else own();
    });
    return {
      cancel: () => {
        timer.cancel();
        this.#due.delete(own);
      },
    };
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Runs the timers that became due, one after the other, each in a turn of its own. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const own of [...this.#due]) {
      this.#clock.after(0, () => {
        if (!this.#due.delete(own)) return;
        if (this.#isPaused) this.#due.add(own);
        else own();
      });
    }
  }
}
