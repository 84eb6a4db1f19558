import { Dag, functionsIn } from '../../../lib/index.js';
import { type ClusterTransport, TestCluster } from '../../../lib/testing/index.js';

// A program that uses a cluster: `stop` ends it and lets the program end by itself, `stay` waits to be killed with one node paused and one busy.
const tasks = functionsIn<typeof import('../modules/knocking.js')>(new URL('../modules/knocking.js', import.meta.url));
const [transport, how, port] = process.argv.slice(2) as [ClusterTransport, 'stop' | 'stay', string];
const cluster = await TestCluster.start({ nodes: 3, transport });
const dag = Dag.dynamic('d');
for (const node of cluster.names) dag.add({ id: node, code: tasks.knock, extraArgs: [Number(port), node, node], node, isolation: 'loop' });
const run = cluster.node('n1').execute(dag);
run.catch(() => {});
for await (const event of run) if (event.type === 'function-started' && event.functionId === 'n3') break;
process.once('message', async () => {
  await cluster.kill('n3');
  await cluster.pause('n2');
  if (how === 'stop') await cluster.stop();
  process.send!('done');
  if (how === 'stop') process.disconnect();
});
process.send!('ready');
