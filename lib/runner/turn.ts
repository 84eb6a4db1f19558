import type { Clock } from '../base/index.js';

/** How long functions may be started one after the other before the event loop gets its turn, ms: timers, sockets and other runs wait as long. */
const TURN_MS = 2;

/** After so long without a turn the event loop has had its own, or nothing else wants one, ms. */
const REST_MS = 2;

/**
 * Decides whether the next function may begin now, or when a message reaches its actor, which is a turn of the event loop later. A message
 * for each would cost a turn each; none at all, and a run of small functions would hold up everything else on the node. One for each node.
 */
export class Turn {
  readonly #clock: Clock;
  #endsMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is time left; so there is when none was taken for a while. Whoever is told that there is none waits for a message, and then begins a turn. */
  get lasts(): boolean {
    const nowMs = this.#clock.now();
    if (nowMs >= this.#endsMs + REST_MS) this.#endsMs = nowMs + TURN_MS;
    return nowMs < this.#endsMs;
  }

  /** The event loop has had its turn. */
  begin(): void {
    this.#endsMs = this.#clock.now() + TURN_MS;
  }
}
