import { type Clock, systemClock } from '../../base/index.js';
import { groupChecksum } from '../groups/checksum.js';
import type { Journal } from '../journal.js';
import type { JournalOptions } from '../journal-options.js';
import type { JournalStore, StoreOperation, StoreOperations } from '../stored/operations.js';
import { RunTable, type TableGroup } from '../stored/run-table.js';
import { StoredJournal } from '../stored/stored-journal.js';

/**
 * What outlives the nodes that open it, within one process: for specs and simulations. `clock` is the one by which leases are counted, as a
 * database's is.
 */
export class MemoryDatabase {
  readonly #clock: Clock;
  readonly #table = new RunTable(groupChecksum);

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The groups of a key's run, for specs that harm them. */
  groupsOf(key: string): TableGroup[] {
    return this.#table.runs.get(key)?.groups ?? [];
  }

  /** Ends the leases of a node, as time would if it were silent: for specs. */
  endLease(node: string): void {
    for (const [id, session] of this.#table.sessions) if (session.node === node) this.#table.sessions.delete(id);
  }

  /** Carries out an operation, at once. */
  perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): StoreOperations[Name]['to'] {
    return this.#operations[name](from, this.#clock.wallNow());
  }

  readonly #operations: { [Name in StoreOperation]: (from: StoreOperations[Name]['from'], nowMs: number) => StoreOperations[Name]['to'] } =
    {
      openRun: (from, nowMs) => this.#table.openRun(from, nowMs),
      appendGroup: (from) => this.#table.appendGroup(from),
      endRun: (from, nowMs) => this.#table.endRun(from, nowMs),
      findRuns: (from, nowMs) => this.#table.findRuns(from, nowMs),
      readGroups: (from) => this.#table.readGroups(from),
      forgetRun: (from, nowMs) => this.#table.forgetRun(from, nowMs),
      sweep: () => false,
      renewSession: (from, nowMs) => this.#table.renewSession(from, nowMs),
      endSession: (from) => this.#table.endSession(from),
    };
}

/** A journal in memory: gone with the process, shared by all that open one `database`. */
export function memoryJournal(database: MemoryDatabase, options: JournalOptions): Promise<Journal> {
  const store: JournalStore = { perform: async (name, from) => database.perform(name, from), close: async () => {} };
  return StoredJournal.open({ ...options, name: 'memory', store });
}
