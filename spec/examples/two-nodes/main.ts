// The driver of a run on two nodes. Start the other one first, and give its URL:
//   handoff node --listen 127.0.0.1:7001 --name worker
//   node --import tsx spec/examples/two-nodes/main.ts ws://127.0.0.1:7001
import { Dag, functionsIn, Handoff } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const [url] = process.argv.slice(2);
if (!url) throw new TypeError('usage: main.ts URL');

const dag = Dag.dynamic('primes');
const parts = Array.from({ length: 8 }, (_, part) => {
  dag.add({ id: `part-${part}`, code: tasks.countPrimes, extraArgs: [part * 10_000, (part + 1) * 10_000] });
  return `part-${part}`;
});
dag.add({ id: 'sum', code: tasks.sum, args: parts, argumentInclusion: 'as-list' });

// One cpu here, so that the other node has its share.
await using handoff = await Handoff.start({ name: 'driver', join: [url], capabilities: { cpu: 1 } });
const { results } = await handoff.execute(dag, { allocationStrategy: 'load-balanced', collect: 'sinks' });
console.log(JSON.stringify(results.sum));
