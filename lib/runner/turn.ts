import type { Clock } from '../base/index.js';

/** How long functions may be started one after the other before the event loop gets its turn, ms: timers, sockets and other runs wait as long. */
const TURN_MS = 2;

/**
 * Decides whether the next function may begin within this turn of the event loop, or has to wait for the next. A message to its actor would
 * cost a turn each; none at all, and a run of small functions would hold up everything else on the node. One for each node.
 */
export class Turn {
  readonly #clock: Clock;
  #endsMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is time left in this turn. */
  get lasts(): boolean {
    const nowMs = this.#clock.now();
    if (this.#endsMs === undefined) {
      this.#endsMs = nowMs + TURN_MS;
      this.#clock.soon(() => {
        this.#endsMs = undefined;
      });
    }
    return nowMs < this.#endsMs;
  }
}
