import { type Clock, HandoffError } from '../../base/index.js';
import { type StorageFault, storageFailed } from '../../files/index.js';
import { type JournalStore, READ_OPERATIONS, type StoreOperation, type StoreOperations } from './operations.js';

/** A store around another, whose writes fail as its user says: for specs and simulations; see `JournalOptions.around`. */
export class FaultyStore implements JournalStore {
  readonly #store: JournalStore;
  readonly #clock: Clock;
  #faults: JournalFaults = {};
  #groups = 0;
  #isTorn = false;
  #isDead = false;
  /** What is being performed. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Ends the delay of each write that has not begun. */
  readonly #delays = new Set<() => void>();

  constructor(store: JournalStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Replaces the faults; `{}` ends them. `tearAt` counts from now. */
  setFaults(faults: JournalFaults): void {
    this.#faults = faults;
    this.#groups = 0;
    this.#isTorn = false;
  }

  /**
   * Its process has died: nothing is performed any more, and calls reject with `HANDOFF_STOPPED`. Resolves when what was under way is over;
   * it may have been written.
   */
  async die(): Promise<void> {
    this.#isDead = true;
    for (const end of this.#delays) end();
    await Promise.allSettled(this.#underWay);
  }

  async perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    if (READ_OPERATIONS.has(name)) return this.#passed(name, from);
    const { delayMs = 0, failWrites, tearAt = Number.POSITIVE_INFINITY, loseAnswers = false } = this.#faults;
    this.#refuseDead();
    if (delayMs > 0) await this.#delay(delayMs);
    this.#refuseDead();
    if (failWrites) {
      throw storageFailed(failWrites === true ? 'not-writable' : failWrites, 'Cannot write to the journal: a fault was asked for');
    }
    if (name === 'appendGroup') {
      this.#isTorn ||= this.#groups >= tearAt;
      this.#groups += 1;
    }
    if (this.#isTorn) throw storageFailed('not-writable', 'Cannot write to the journal: a group was torn');
    const answer = await this.#passed(name, from);
    if (loseAnswers) throw storageFailed('unreachable', 'Cannot reach the journal: its answer was lost');
    return answer;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#delays.delete(end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      this.#delays.add(end);
    });
  }

  async #passed<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    this.#refuseDead();
    const performed = this.#store.perform(name, from);
    const over = (): void => void this.#underWay.delete(performed);
    this.#underWay.add(performed);
    performed.then(over, over);
    const answer = await performed;
    this.#refuseDead();
    return answer;
  }

  #refuseDead(): void {
    if (this.#isDead) throw new HandoffError('HANDOFF_STOPPED', 'Cannot use the journal: its node was killed');
  }
}

/** The faults of a journal's writes, including renewals of its lease. */
export interface JournalFaults {
  /**
   * Writes are not performed, and fail for this reason; `true` is `'not-writable'`.
   * @default false
   */
  readonly failWrites?: StorageFault | boolean;
  /**
   * Writes are performed, and fail as `'unreachable'` all the same: the answer of the database is lost.
   * @default false
   */
  readonly loseAnswers?: boolean;
  /**
   * How much later each write begins, ms.
   * @default 0
   */
  readonly delayMs?: number;
  /**
   * The number of groups of records after which the next is torn, counted from now. It and everything after it is not written, and fails as
   * `'not-writable'`, as if the process had died in the middle. The default is never.
   */
  readonly tearAt?: number;
}
