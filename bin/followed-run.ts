// Brain: pure.
import type { RunEvent, RunSummary } from '../lib/index.js';

/**
 * A run whose lines are followed. Each driver that goes on with it has lines of its own. One that was out of reach is read again from its
 * first line on, so the lines that were read before are known by their times.
 */
export class FollowedRun {
  #driver: string | undefined;
  #startedAtMs: number | undefined;
  #state: 'open' | 'read' | 'out-of-reach' = 'out-of-reach';
  #lastMs = Number.NEGATIVE_INFINITY;
  /** How many lines of the last time were read, and how many of them the present reading has come by. */
  #atLast = 0;
  #passed = 0;

  /** Whether all that this driver has written was read. */
  get isRead(): boolean {
    return this.#state === 'read';
  }

  /** Whether there is something to read that is not being read. From then on it is. */
  begins({ driver, startedAtMs }: Pick<RunSummary, 'driver' | 'startedAtMs'>): boolean {
    const isSame = this.#driver === driver && this.#startedAtMs === startedAtMs;
    if (this.#state === 'open' || (this.isRead && isSame)) return false;
    if (this.#driver !== driver) this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#driver = driver;
    this.#startedAtMs = startedAtMs;
    this.#state = 'open';
    this.#passed = 0;
    return true;
  }

  /** Reading has ended, with all that there was or not. */
  ended(isRead: boolean): void {
    this.#state = isRead ? 'read' : 'out-of-reach';
  }

  /** Whether a line was not read before. */
  isNew({ atMs }: Pick<RunEvent, 'atMs'>): boolean {
    if (atMs < this.#lastMs) return false;
    if (atMs > this.#lastMs) {
      this.#lastMs = atMs;
      this.#atLast = 0;
      this.#passed = 0;
    }
    this.#passed += 1;
    if (this.#passed <= this.#atLast) return false;
    this.#atLast = this.#passed;
    return true;
  }
}
