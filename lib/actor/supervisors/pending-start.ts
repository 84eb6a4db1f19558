import { HandoffError, type Timer } from '../../base/index.js';
import type { Shutdown } from '../contract.js';
import { type Cell, stoppedError, WORKER_GRACE_MS } from '../tree/cell.js';
import { deadline } from '../tree/deadline.js';

/** Whose start it is, and what it spawns under. */
export interface StartPlaces {
  readonly supervisor: Cell;
  readonly childId: string;
  readonly shutdown: Shutdown;
  /** Asks what the start has spawned so far to end. Resolves when it has. */
  readonly endSpawned: () => Promise<void>;
}

/**
 * A child's `start` that is under way. The supervisor waits for it without a limit, until somebody wants it to end: the supervisor is asked
 * to stop, or the child is to be terminated. From then on the start gets as long as the child would be given to end. OTP waits for ever
 * here. Where that is `'infinity'`, what it has spawned is asked to end, and the start gets 5000 ms more after that.
 */
export class PendingStart {
  /** What the start gives. Rejects with `HANDOFF_STOPPED` when it is given up; what it gives later goes to `onLate`. */
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

  /** The supervisor is to stop, or is dead; or the child is to be terminated. */
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
