import { silentLogger, systemClock } from '../../../lib/base/index.js';
import { DataDir, DiskShelf } from '../../../lib/journal/index.js';

// Opens the shelf of the folder that it is given, remembers two results, says so, and keeps it open.
const dataDir = await DataDir.open(process.argv[2]!);
const shelf = new DiskShelf(dataDir, { limitBytes: 1 << 20, clock: systemClock, logger: silentLogger });
await shelf.remember('small', { digest: 'd', held: { packed: new Uint8Array(100).fill(1) } });
const file = await shelf.writeFile([new Uint8Array(100_000).fill(2)], false);
await shelf.remember('large', { digest: 'e', held: { file: file! } });
console.log('holding');
setInterval(() => {}, 60_000);
