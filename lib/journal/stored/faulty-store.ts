import type { Clock } from '../../base/index.js';
import { type StorageFault, storageFailed } from '../storage-failed.js';
import { type JournalStore, READ_OPERATIONS, type StoreOperation, type StoreOperations } from './operations.js';

/** A store around another, whose writes fail as its user says: for specs and simulations; see `JournalOptions.around`. */
export class FaultyStore implements JournalStore {
  readonly #store: JournalStore;
  readonly #clock: Clock;
  #faults: JournalFaults = {};
  #groups = 0;
  #isTorn = false;

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

  async perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    if (READ_OPERATIONS.has(name)) return this.#store.perform(name, from);
    const { delayMs = 0, failWrites, tearAt = Number.POSITIVE_INFINITY, loseAnswers = false } = this.#faults;
    if (delayMs > 0) await new Promise<void>((resolve) => this.#clock.after(delayMs, resolve));
    if (failWrites) throw storageFailed(failWrites, 'Cannot write to the journal: a fault was asked for');
    if (name === 'appendGroup') {
      this.#isTorn ||= this.#groups >= tearAt;
      this.#groups += 1;
    }
    if (this.#isTorn) throw storageFailed('not-writable', 'Cannot write to the journal: a group was torn');
    const answer = await this.#store.perform(name, from);
    if (loseAnswers) throw storageFailed('unreachable', 'Cannot reach the journal: its answer was lost');
    return answer;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** The faults of a journal's writes, including renewals of its lease. */
export interface JournalFaults {
  /** Writes are not performed, and reject for this reason. */
  readonly failWrites?: StorageFault;
  /** Writes are performed, and reject as `unreachable` all the same: the answer of the database is lost. */
  readonly loseAnswers?: boolean;
  /** How much later each write begins, ms. */
  readonly delayMs?: number;
  /**
   * The number of groups after which the next is torn. It and everything after it is not written, as if the process had died in the middle.
   */
  readonly tearAt?: number;
}
