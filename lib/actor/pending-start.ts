import type { Timer } from '../base/index.js';
import type { Shutdown } from './contract.js';
import { deadline } from './deadline.js';
import { type Place, stoppedError } from './place.js';

/**
 * A child's `start` that is under way. Its supervisor waits for it, and for as long as it likes, unless the supervisor is asked to stop: from
 * then on it gets no longer than the child would be given to end, or a start that never ends would be a stop that never does.
 * OTP waits for ever here.
 */
export class PendingStart {
  /** What the start gives. Rejects with `HANDOFF_STOPPED` when it is given up; what it gives later goes to `onLate`. */
  readonly given: Promise<unknown>;
  readonly #supervisor: Place;
  readonly #shutdown: Shutdown;
  isGivenUp = false;
  #isOpen = true;
  #timer: Timer | undefined;
  #reject!: (error: unknown) => void;

  constructor(supervisor: Place, shutdown: Shutdown, start: PromiseLike<unknown>, onLate: (given: unknown) => void) {
    this.#supervisor = supervisor;
    this.#shutdown = shutdown;
    this.given = new Promise((resolve, reject) => {
      this.#reject = reject;
      Promise.resolve(start).then(
        (given) => (this.#close() ? resolve(given) : onLate(given)),
        (error: unknown) => void (this.#close() && reject(error)),
      );
    });
  }

  /** The supervisor is to stop, or is dead. */
  hurry(): void {
    if (this.#shutdown === 'brutal-kill' || this.#supervisor.isOver) this.#giveUp();
    else if (this.#shutdown !== 'infinity' && this.#isOpen) {
      this.#timer ??= deadline(this.#supervisor.clock, this.#shutdown, () => this.#giveUp());
    }
  }

  #giveUp(): void {
    if (!this.#close()) return;
    this.isGivenUp = true;
    this.#reject(stoppedError(`Cannot go on starting under "${this.#supervisor.name}"`, this.#supervisor));
  }

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#timer?.cancel();
    return true;
  }
}
