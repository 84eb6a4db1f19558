import type { Journal } from '../journal.js';
import type { JournalOptions } from '../journal-options.js';
import { PostgresStore } from '../postgres/postgres-store.js';
import { StoredJournal } from '../stored/stored-journal.js';

/**
 * A journal in PostgreSQL, shared by all nodes that name it: `postgres://user@host/db?schema=handoff`. A driver holds a lease by the clock
 * of the database.
 */
export async function postgresJournal(url: string, options: JournalOptions): Promise<Journal> {
  const { clock, leaseMs, isReadOnly = false, openTimeoutMs = 0 } = options;
  const store = await PostgresStore.open(url, { clock, leaseMs, openTimeoutMs, isReadOnly });
  return StoredJournal.open({ ...options, name: 'postgres', store });
}
