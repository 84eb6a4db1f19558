// A run that is killed and goes on, on one machine. Start it, kill it with `kill -9` at any moment, and start it again:
//   node --import tsx spec/examples/kill-and-go-on/main.ts data
import { join } from 'node:path';
import { Dag, functionsIn, Handoff } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const [dataDir = 'data'] = process.argv.slice(2);

await using handoff = await Handoff.start({ dataDir, capabilities: { cpu: 2 } });
const dag = Dag.dynamic('charges');
const charges = Array.from({ length: 12 }, (_, customer) => {
  dag.add({ id: `charge-${customer}`, code: tasks.charge, extraArgs: [join(dataDir, 'service'), customer] });
  return `charge-${customer}`;
});
dag.add({ id: 'total', code: tasks.total, args: charges, argumentInclusion: 'as-list' });

// 'strict': what is told here to have succeeded is on disk, and does not run again.
const run = handoff.execute(dag, { key: 'charges of May', durability: 'strict', collect: 'sinks' });
for await (const event of run) {
  if (event.type === 'function-succeeded') console.log(event.functionId, event.source === 'journal' ? 'had been done' : 'is done');
}
console.log('total', (await run).results.total);
