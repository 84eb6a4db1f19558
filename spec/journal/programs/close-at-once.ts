import { join } from 'node:path';
import { silentLogger, systemClock } from '../../../lib/base/index.js';
import { DataDir, DiskShelf } from '../../../lib/journal/index.js';
import { SqliteStore } from '../../../lib/journal/sqlite/sqlite-store.js';

// Closes a shelf and a journal in the folder that it is given while they answer, and says when they are closed. Nothing else keeps the
// process alive.
const [folder, which] = process.argv.slice(2) as [string, string];
if (which === 'shelf') {
  const shelf = new DiskShelf(await DataDir.open(folder), { limitBytes: 1 << 24, clock: systemClock, logger: silentLogger });
  for (let at = 0; at < 1000; at += 1) void shelf.remember(`${at}`, { digest: 'd', held: { packed: new Uint8Array(1000) } });
  await shelf.close();
} else {
  const store = await SqliteStore.open({ path: join(folder, 'journal.db'), isReadOnly: false, hasLiveSessions: false });
  for (let at = 0; at < 1000; at += 1) void store.perform('findRuns', {});
  await store.close();
}
console.log('closed');
