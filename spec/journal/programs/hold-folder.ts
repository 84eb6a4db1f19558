import { systemClock } from '../../../lib/base/index.js';
import { DataDir, journals } from '../../../lib/journal/index.js';
import { openedRun, requestFor } from '../../support/journal-runs.js';

// Opens the folder that it is given, drives a run that it never ends, and says so.
const dataDir = await DataDir.open(process.argv[2]!);
const journal = await journals.sqlite(dataDir, { node: 'child', clock: systemClock });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const run = await openedRun(journal, requestFor('k', { opening: [bytes('plan')], summary: bytes('new') }));
for (let at = 0; at < 20; at += 1) await run.append(bytes(`group ${at}`), { isSynced: at % 2 === 0 });
console.log('holding');
console.error('holding');
setInterval(() => {}, 60_000);
