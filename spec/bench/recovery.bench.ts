import { setTimeout as sleep } from 'node:timers/promises';
import { Dag, type DynamicDag, functionsIn, type Handoff } from 'handoff-dag';
import { TestCluster } from 'handoff-dag/testing';
import { type Bench, median, type Row, timed } from './measure.js';

const tasks = functionsIn<typeof import('./fault-tasks.mjs')>(new URL('./fault-tasks.mjs', import.meta.url));

/** Ten seconds for three nodes with room for two functions each. */
const CPU = 2;
const CHAINS = 24;
const LINKS = 10;
const LINK_MS = 250;
/** Of half a minute each, for either kind of value. */
const ROUNDS = 1;

function chains(kind: 'small' | 'large', links: number): DynamicDag {
  const dag = Dag.dynamic(`chains of ${kind}`);
  for (let chain = 0; chain < CHAINS; chain += 1) {
    for (let link = 0; link < links; link += 1) {
      // What is collected is small in either case.
      const code = link === links - 1 ? tasks.small : tasks[kind];
      const args = link === 0 ? [] : [`${chain} ${link - 1}`];
      dag.add({ id: `${chain} ${link}`, code, args, argumentInclusion: 'as-list', extraArgs: [LINK_MS], cost: { cpu: 1 } });
    }
  }
  return dag;
}

/** A node dies after `afterMs` of a run: how long that takes, and how long until the others know of the death, ms. */
async function disturbed(cluster: TestCluster, dag: DynamicDag, afterMs: number): Promise<{ tookMs: number; noticedMs: number }> {
  const handoff: Handoff = cluster.node('n1');
  const startMs = performance.now();
  const run = handoff.execute(dag, { collect: 'sinks' });
  run.catch(() => {});
  await sleep(afterMs);
  const killedMs = performance.now();
  const killed = cluster.kill('n3');
  while ((await handoff.nodes()).some(({ name }) => name === 'n3')) await sleep(5);
  const noticedMs = performance.now() - killedMs;
  await killed;
  await run;
  return { tookMs: performance.now() - startMs, noticedMs };
}

async function recovered(cluster: TestCluster, kind: 'small' | 'large', most: number): Promise<Row> {
  const dag = chains(kind, LINKS);
  const handoff = cluster.node('n1');
  const ratios: number[] = [];
  const plain: number[] = [];
  const harmed: number[] = [];
  const noticed: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Threads start, modules load.
    await handoff.execute(chains(kind, 2));
    const undisturbedMs = await timed(() => handoff.execute(dag, { collect: 'sinks' }));
    const { tookMs, noticedMs } = await disturbed(cluster, dag, undisturbedMs / 2);
    plain.push(undisturbedMs);
    harmed.push(tookMs);
    noticed.push(noticedMs);
    ratios.push(tookMs / (undisturbedMs + noticedMs));
    await cluster.restart('n3');
  }
  const text = (ms: readonly number[]): string => `${(median(ms) / 1000).toFixed(2)} s`;
  return {
    what: `one of three dies, ${kind === 'small' ? 'values in receipts' : 'large values, released'}`,
    figure: text(harmed),
    floor: `undisturbed ${text(plain)}, noticed after ${text(noticed)}`,
    ratio: median(ratios),
    target: `at most ${most}`,
  };
}

/** What the death of a node in the middle of a run costs. */
export const recoveryBench: Bench = {
  name: 'recovery',
  question: 'How much longer does a run of ten seconds take when one of three nodes dies in the middle of it?',
  async run() {
    const nodes = Array.from({ length: 3 }, () => ({ capabilities: { cpu: CPU } }));
    await using cluster = await TestCluster.start({ nodes, transport: 'processes' });
    return [await recovered(cluster, 'small', 1.5), await recovered(cluster, 'large', 2)];
  },
};
