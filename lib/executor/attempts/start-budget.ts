import Denque from 'denque';
import type { Clock } from '../../base/index.js';

/**
 * How long functions may begin one after the other before the event loop gets its turn, ms: timers, sockets and heartbeats wait as long.
 */
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

  /** `defer` has something done once the event loop has had its turn. */
  constructor(clock: Clock, defer: (action: () => void) => void) {
    this.#clock = clock;
    this.#defer = defer;
  }

  /** Whether one may begin now: nobody stands in line, and there is time left. */
  mayBegin(): boolean {
    return this.#line.length === 0 && this.#lasts();
  }

  /** Has `begin` called: now where it may, else in one of the next turns, behind those who came before. */
  take(begin: () => void): void {
    if (this.mayBegin()) begin();
    else this.#line.push(begin);
  }

  /**
   * A turn is on from when somebody first asks until the event loop has had its own: only that tells, as a function may take longer than
   * any time.
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
