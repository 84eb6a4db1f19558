import type { Clock, Timer } from '../../base/index.js';

/** What a run waits for by itself: the rests of its functions, and its next turn of the event loop. */
export class RunTimers {
  readonly #clock: Clock;
  readonly #rests = new Map<number, Timer>();
  #nextTurn: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `rested` after the rest of a function. */
  rest(index: number, delayMs: number, rested: () => void): void {
    const over = (): void => {
      this.#rests.delete(index);
      rested();
    };
    this.#rests.set(index, this.#clock.after(delayMs, over));
  }

  /** Calls `taken` when the event loop has had its turn. */
  takeTurn(taken: () => void): void {
    this.#nextTurn = this.#clock.after(0, taken);
  }

  /** Nothing is waited for any more. */
  clear(): void {
    for (const rest of this.#rests.values()) rest.cancel();
    this.#rests.clear();
    this.#nextTurn?.cancel();
  }
}
