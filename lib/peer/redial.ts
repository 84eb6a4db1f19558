import type { Clock, Timer } from '../base/index.js';

const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 2000;

/**
 * How long to rest after `failures` dials on end: 50 ms, doubled each time, at most 2 s, of which between half and all by `random` (0 to 1), so
 * that two who dial each other, or many who dial one, do not keep in step. Source: AWS, "Exponential Backoff and Jitter" (equal jitter).
 */
export const redialRestMs = (failures: number, random: number): number =>
  Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2);

/** A dial that is under way. */
export interface Dial {
  cancel(): void;
}

/** Keeps dialling one peer whenever there is no link to it. Its owner says when a link is there and when it is gone. */
export class Redial {
  readonly address: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #dial: (failed: () => void) => Dial;
  #failures = 0;
  #timer: Timer | undefined;
  #current: Dial | undefined;
  #isOver = false;

  /** `dial` dials once, and calls `failed` in a later turn if nothing comes of it. */
  constructor(options: { address: string; clock: Clock; random: () => number; dial: (failed: () => void) => Dial }) {
    this.address = options.address;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#dial = options.dial;
  }

  /** Dials now, unless it does already. */
  start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isOver || this.#current) return;
    const dial: Dial = this.#dial(() => {
      if (this.#current !== dial) return;
      this.#current = undefined;
      this.#failures += 1;
      this.#rest();
    });
    this.#current = dial;
  }

  /** There is a link, whoever dialled it. A dial that is under way is left to find that out. */
  linked(): void {
    this.#failures = 0;
    this.#current = undefined;
    this.#timer?.cancel();
  }

  /** The link is gone: dials again, after a short rest. */
  unlinked(): void {
    this.#failures = 1;
    if (!this.#current) this.#rest();
  }

  /** Dials no more. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#current?.cancel();
  }

  #rest(): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(redialRestMs(this.#failures, this.#random()), () => this.start());
  }
}
