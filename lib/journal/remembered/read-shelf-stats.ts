import { existsSync } from 'node:fs';
import { storageFailed } from '../../files/index.js';
import { openSqlite } from '../sqlite/sqlite-connection.js';
import { shelfPath } from './opened-shelf.js';
import type { RememberedStats } from './remembered-shelf.js';
import { SHELF_VERSION, shelfTotals, shelfVersion } from './shelf-tables.js';

/**
 * Reads how much a `dataDir` remembers, also beside the node that uses it; then hits of the last moment may be missing. Nothing is written.
 * Rejects with `HANDOFF_STORAGE_FAILED`: `damaged`, `not-writable`, `version`.
 */
export async function readShelfStats(dataDirPath: string): Promise<RememberedStats> {
  const path = shelfPath(dataDirPath);
  const nothing = { entries: 0, bytes: 0, hits: 0 };
  if (!existsSync(path)) return nothing;
  const database = await openSqlite(path);
  try {
    database.query('PRAGMA busy_timeout = 5000');
    database.query('PRAGMA query_only = ON');
    const version = shelfVersion(database);
    if (version === 0) return nothing;
    const what = `its version is ${version}, that of this handoff-dag is ${SHELF_VERSION}`;
    if (version !== SHELF_VERSION) throw storageFailed('version', `Cannot read ${JSON.stringify(path)}: ${what}`, { path });
    const { entries, bytes, hits } = shelfTotals(database);
    return { entries, bytes, hits };
  } finally {
    database.close();
  }
}
