import Denque from 'denque';
import type { Clock } from '../../base/index.js';

/**
 * How long functions may begin one after the other before the event loop gets its turn, ms: timers, sockets and heartbeats wait as long.
 */
const TURN_MS = 2;

/**
 * Decides whether the next function may begin now, or stands in line until the event loop has had its turn. A turn of the loop for each
 * would cost one each; none at all, and a run of small functions would hold up everything else on the node. One line for each node, whoever
 * drives what stands in it: between two turns of the loop functions begin for so long and no longer, however many wait, and one at least.
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
