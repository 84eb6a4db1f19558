import type { DataDir } from '../data-dir/data-dir.js';
import type { Journal } from '../journal.js';
import type { JournalOptions } from '../journal-options.js';
import { SqliteStore } from '../sqlite/sqlite-store.js';
import { StoredJournal } from '../stored/stored-journal.js';

/** A journal in a folder of this node's own, in SQLite. The folder's lock takes the lease's place. */
export async function sqliteJournal(dataDir: DataDir, options: Omit<JournalOptions, 'leaseMs'>): Promise<Journal> {
  const { journalPath: path, isReadOnly, isDriven } = dataDir;
  const store = await SqliteStore.open({ path, isReadOnly, hasLiveSessions: isDriven });
  return StoredJournal.open({ ...options, name: 'sqlite', store, leaseMs: Number.POSITIVE_INFINITY, isReadOnly });
}
