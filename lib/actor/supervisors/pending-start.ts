import { HandoffError, type Timer } from '../../base/index.js';
import type { Shutdown } from '../contract.js';
import { type Cell, stoppedError, WORKER_GRACE_MS } from '../tree/cell.js';
import { deadline } from '../tree/deadline.js';

/**
 * A child's `start` in progress. The supervisor waits for it without a limit until the supervisor is asked to stop, or the child is to be
 * terminated. Then the start gets as long as the child would get to end; OTP waits for ever here. If that is `'infinity'`, what it has
 * spawned is asked to end, and the start gets 5000 ms after that.
 */
export class PendingStart {
  /** The result of the start. Rejects with `HANDOFF_STOPPED` when the start is given up; a later result goes to `onLate`. */
  readonly given: Promise<unknown>;
  readonly childId: string;
  readonly #supervisor: Cell;
  readonly #shutdown: Shutdown;
  readonly #endSpawned: () => Promise<void>;
  isGivenUp = false;
  #isOpen = true;
  #isHurried = false;
  #timer: Timer | undefined;
  #reject!: (error: unknown) => void;

  constructor(places: StartPlaces, start: PromiseLike<unknown>, onLate: (given: unknown) => void) {
    this.childId = places.childId;
    this.#supervisor = places.supervisor;
    this.#shutdown = places.shutdown;
    this.#endSpawned = places.endSpawned;
    this.given = new Promise((resolve, reject) => {
      this.#reject = reject;
      Promise.resolve(start).then(
        (given) => (this.#close() ? resolve(given) : onLate(given)),
        (error: unknown) => void (this.#close() && reject(error)),
      );
    });
  }

  /** Call when the supervisor must stop or is dead, or when the child is to be terminated. */
  hurry(): void {
    if (this.#shutdown === 'brutal-kill' || this.#supervisor.isOver) return this.#giveUp();
    if (this.#isHurried || !this.#isOpen) return;
    this.#isHurried = true;
    if (this.#shutdown !== 'infinity') this.#giveUpAfter(this.#shutdown);
    else void this.#endSpawned().then(() => this.#giveUpAfter(WORKER_GRACE_MS));
  }

  #giveUpAfter(delayMs: number): void {
    if (this.#isOpen) this.#timer = deadline(this.#supervisor.clock, delayMs, () => this.#giveUp());
  }

  #giveUp(): void {
    if (!this.#close()) return;
    this.isGivenUp = true;
    const { name, takesOrders } = this.#supervisor as Cell & { readonly takesOrders?: boolean };
    const what = `Cannot go on starting child "${this.childId}" under "${name}"`;
    this.#reject(
      takesOrders ? new HandoffError('HANDOFF_STOPPED', `${what}: it was terminated meanwhile`) : stoppedError(what, this.#supervisor),
    );
  }

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#timer?.cancel();
    return true;
  }
}

/** The cells of a start: the child's supervisor, and the scope that it spawns under. */
export interface StartPlaces {
  readonly supervisor: Cell;
  readonly childId: string;
  readonly shutdown: Shutdown;
  /** Asks everything that the start has spawned so far to end. Resolves when it has. */
  readonly endSpawned: () => Promise<void>;
}
