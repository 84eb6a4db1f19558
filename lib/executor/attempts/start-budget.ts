import Denque from 'denque';
import type { Clock } from '../../base/index.js';

/** How long functions may start one after the other before the event loop gets a turn, ms. Timers, sockets and heartbeats wait as long. */
const TURN_MS = 2;

/**
 * Decides whether the next function may begin now, or stands in line until the event loop has had its turn. Yielding
 * before every function is too slow; never yielding starves the node. All functions of a node share one queue, whichever node drives them.
 * They may start for `TURN_MS` per turn of the event loop, and at least one starts in each turn.
 */
export class StartBudget {
  readonly #clock: Clock;
  readonly #defer: (action: () => void) => void;
  readonly #line = new Denque<() => void>();
  #isOn = false;
  #endsMs = 0;

  /** `defer` calls its argument once the event loop has had a turn. */
  constructor(clock: Clock, defer: (action: () => void) => void) {
    this.#clock = clock;
    this.#defer = defer;
  }

  /** Whether a function may start now: the queue is empty, and there is time left. */
  mayBegin(): boolean {
    return this.#line.length === 0 && this.#lasts();
  }

  /** Calls `begin` now if possible, else in a later turn, behind those queued before. */
  take(begin: () => void): void {
    if (this.mayBegin()) begin();
    else this.#line.push(begin);
  }

  /**
   * A turn lasts from the first call until the event loop has had its own turn. A time limit could not tell, as a function may take any
   * time.
   */
  #lasts(): boolean {
    if (!this.#isOn) {
      this.#isOn = true;
      this.#endsMs = this.#clock.now() + TURN_MS;
      this.#defer(this.#next);
      return true;
    }
    return this.#clock.now() < this.#endsMs;
  }

  readonly #next = (): void => {
    this.#isOn = false;
    while (this.#line.length > 0 && this.#lasts()) this.#line.shift()!();
  };
}
