// One of three nodes that share a journal in PostgreSQL. The first one drives a run. Kill it with `kill -9` while functions run: when its
// lease is over, one of the others goes on with the run by itself. Start it again, and it prints the results.
//   export HANDOFF_JOURNAL='postgres://me@localhost/postgres?schema=three_nodes'
//   node --import tsx spec/examples/three-nodes/node.ts b 127.0.0.1:7002
//   node --import tsx spec/examples/three-nodes/node.ts c 127.0.0.1:7003 ws://127.0.0.1:7002
//   node --import tsx spec/examples/three-nodes/node.ts a 127.0.0.1:7001 ws://127.0.0.1:7002
import { Dag, functionsIn, Handoff } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const [name, listen, join] = process.argv.slice(2);
const { HANDOFF_JOURNAL: journal, LEASE_MS = '10000', BEGUN = 'begun.txt' } = process.env;
if (!name || !listen || !journal) throw new TypeError('usage: HANDOFF_JOURNAL=postgres://… node.ts NAME HOST:PORT [URL]');

const handoff = await Handoff.start({
  name,
  listen,
  ...(join && { join: [join] }),
  capabilities: { cpu: 2 },
  journal,
  resume: true,
  leaseMs: Number(LEASE_MS),
});
process.once('SIGTERM', () => void handoff.stop());
console.log(handoff.address);

if (name === 'a') {
  const dag = Dag.dynamic('measured');
  const parts = Array.from({ length: 40 }, (_, part) => {
    dag.add({ id: `part-${part}`, code: tasks.measure, extraArgs: [BEGUN, part] });
    return `part-${part}`;
  });
  dag.add({ id: 'total', code: tasks.total, args: parts, argumentInclusion: 'as-list' });
  const options = { key: 'measured', durability: 'strict', allocationStrategy: 'load-balanced', collect: 'sinks', waitMs: 60_000 } as const;
  const run = handoff.execute(dag, options);
  for await (const event of run) {
    if (event.type === 'function-succeeded') console.log(event.functionId, event.source === 'journal' ? 'had been done' : 'is done');
  }
  console.log('total', (await run).results.total);
  await handoff.stop();
}
