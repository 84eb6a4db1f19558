import type { Clock, Timer } from '../../base/index.js';
import type { DialGate } from './dial-gate.js';

const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 2000;
const LONGEST_UNPROVED_REST_MS = 30_000;
/** After this many failures the rest is about a second. */
const FAILURES_FOLLOWED = 5;

/**
 * Returns how long to rest after `failures` dials in a row, ms: 50 ms, doubled each time, at most 2 s, or 30 s for an unproved address. The
 * rest is between half of that and all by `random` (0 to 1), so that nodes that dial each other, or many that dial one, do not keep in
 * step. Source: AWS, "Exponential Backoff and Jitter" (equal jitter).
 */
export const redialRestMs = (failures: number, random: number, isProved = true): number =>
  Math.min(isProved ? LONGEST_REST_MS : LONGEST_UNPROVED_REST_MS, FIRST_REST_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2);

/** Keeps dialling one peer whenever there is no link to it. The owner reports when a link is there and when it is gone. */
export class Redial {
  readonly address: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #dial: (failed: () => void) => Dial;
  readonly #hearsay: Hearsay | undefined;
  #isProved: boolean;
  /** Gives back the place at the gate, or leaves its queue. */
  #leave: (() => void) | undefined;
  #leaving: Timer | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #current: Dial | undefined;
  #isOver = false;

  /** `dial` dials once, and calls `failed` in a later turn if there is no result. `hearsay` applies until there has been a link. */
  constructor(options: {
    readonly address: string;
    readonly clock: Clock;
    readonly random: () => number;
    readonly hearsay?: Hearsay | undefined;
    readonly dial: (failed: () => void) => Dial;
  }) {
    this.address = options.address;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#dial = options.dial;
    this.#hearsay = options.hearsay;
    this.#isProved = options.hearsay === undefined;
  }

  /**
   * Takes over from a redial with another unproved address, including its rest: a node that reports ever new addresses must not have each
   * dialled at once.
   */
  follow(before: Redial): void {
    if (this.#isProved || before.#isProved) return;
    this.#failures = Math.min(before.#failures, FAILURES_FOLLOWED);
  }

  /** Dials now unless a dial is in progress; rests first if it takes over from a failed one. */
  begin(): void {
    if (this.#failures > 0) this.#rest();
    else this.start();
  }

  /** Dials now unless a dial is in progress. */
  start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isOver || this.#current) return;
    if (this.#leaving) this.#left();
    if (this.#leave) return;
    if (this.#isProved || !this.#hearsay) return this.#begin();
    const { gate, teller } = this.#hearsay;
    // The call may begin within `enter`.
    let isLeft = false;
    this.#leave = () => {
      isLeft = true;
    };
    const leave = gate.enter(teller, () => this.#begin());
    if (isLeft) leave();
    else this.#leave = leave;
  }

  #begin(): void {
    if (this.#isOver || this.#current) return this.#left();
    const dial: Dial = this.#dial(() => {
      if (this.#current !== dial) return;
      this.#current = undefined;
      this.#failures += 1;
      // The place is given back a little later, so that thousands of refused addresses are not dialled at once.
      if (this.#leave) this.#leaving = this.#clock.after(FIRST_REST_MS, () => this.#left());
      this.#rest();
    });
    this.#current = dial;
  }

  /** A link exists, whichever side dialled. A dial in progress will notice by itself. */
  linked(): void {
    this.#failures = 0;
    this.#isProved = true;
    this.#current = undefined;
    this.#left();
    this.#timer?.cancel();
  }

  /** The link is gone: dials again after a short rest. */
  unlinked(): void {
    this.#failures = 1;
    if (!this.#current) this.#rest();
  }

  /** Stops dialling. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#current?.cancel();
    this.#left();
  }

  #left(): void {
    this.#leaving?.cancel();
    this.#leaving = undefined;
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }

  #rest(): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(redialRestMs(this.#failures, this.#random(), this.#isProved), () => this.start());
  }
}

/** A dial in progress. */
export interface Dial {
  cancel(): void;
}

/** An address that another node reported: the reporter, and the gate that limits dials of such addresses. */
export interface Hearsay {
  readonly teller: string;
  readonly gate: DialGate;
}
