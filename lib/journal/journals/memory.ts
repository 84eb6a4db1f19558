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
    return this.#table.perform(name, from, this.#clock.wallNow());
  }
}

/** A journal in memory: gone with the process, shared by all that open one `database`. */
export function memoryJournal(database: MemoryDatabase, options: JournalOptions): Promise<Journal> {
  const store: JournalStore = { perform: async (name, from) => database.perform(name, from), close: async () => {} };
  return StoredJournal.open({ ...options, name: 'memory', store });
}
