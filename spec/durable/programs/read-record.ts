import { silentLogger } from '../../../lib/base/index.js';
import { Dag, Handoff } from '../../../lib/index.js';

// Reads a record that is too large for one turn of the event loop, and prints what it finds. Nothing else keeps the process alive.
const handoff = await Handoff.start({ dataDir: process.argv[2]!, logger: silentLogger });
const dag = Dag.dynamic('d');
for (let n = 0; n < 5; n += 1) dag.add({ id: `f${n}`, code: () => new Uint8Array(60_000), isolation: 'loop' });
await handoff.execute(dag, { key: 'k' });
await handoff.clear('d');
const value = (await handoff.getValue('d', 'f0')) as Uint8Array;
console.log(value.length, (await handoff.runs()).length);
await handoff.stop();
