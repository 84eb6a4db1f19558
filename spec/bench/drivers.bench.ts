import { Dag, type DynamicDag, functionsIn, Handoff, type Run } from 'handoff-dag';
import { driver, FarNode, farTasks } from './far-node.js';
import { type Bench, median, pairs, perSecond, type Row } from './measure.js';

const faultTasks = functionsIn<typeof import('./fault-tasks.mjs')>(new URL('./fault-tasks.mjs', import.meta.url));

const NODES = 2;
const DRIVERS = 4;
/** Of no-op functions on the loop of a node at once. */
const PLACES = 64;
const ROUNDS = 3;

interface Work {
  readonly name: string;
  readonly count: number;
  add(dag: DynamicDag, id: string): unknown;
}

/** All of them cost something, so that drivers, which have nothing, run none themselves. */
const works: readonly Work[] = [
  {
    name: 'no-ops on the loop',
    count: 5000,
    add: (dag, id) => dag.add({ id, code: farTasks.nothing, isolation: 'loop', cost: { place: 1 } }),
  },
  {
    name: '1 ms in threads',
    count: 500,
    add: (dag, id) => dag.add({ id, code: faultTasks.busy, extraArgs: [1], cost: { cpu: 1 } }),
  },
];

function fan({ count, add }: Work, id: string): DynamicDag {
  const dag = Dag.dynamic(id);
  for (let index = 0; index < count; index += 1) add(dag, `f${index}`);
  return dag;
}

/** What some drivers came to who had as much to do each, at once. */
interface Contest {
  readonly tookMs: number;
  /** Of what they got done from when all had begun until the first was done: the least that any had, over the mean. */
  readonly leastShare: number;
}

/** Resolves when it has something to show. */
async function begun(run: Run<unknown>): Promise<void> {
  for await (const { type } of run) if (type === 'function-succeeded') return;
}

async function contest(drivers: readonly Handoff[], work: Work): Promise<Contest> {
  const dags = drivers.map(({ name }) => fan(work, `of ${name}`));
  const startMs = performance.now();
  const runs = drivers.map((handoff, at) => handoff.execute(dags[at]!, { collect: [] }));
  const done = (): readonly number[] => runs.map(({ progress }) => progress.succeeded);
  const whenBegun = Promise.all(runs.map(begun)).then(done);
  const whenFirst = Promise.race(runs).then(done);
  await Promise.all(runs);
  const tookMs = performance.now() - startMs;
  if (done().some((count) => count !== work.count)) throw new Error(`drivers are done, but not with all: ${done()}`);
  const before = await whenBegun;
  const counts = (await whenFirst).map((count, at) => count - before[at]!);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return { tookMs, leastShare: Math.min(...counts) / mean };
}

async function rowsOf(drivers: readonly Handoff[], work: Work): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let together = 2; together <= drivers.length; together *= 2) {
    const shares: number[] = [];
    const { aMs, bMs, ratio } = await pairs(
      ROUNDS,
      async () => {
        const { tookMs, leastShare } = await contest(drivers.slice(0, together), work);
        shares.push(leastShare);
        return tookMs;
      },
      async () => (await contest(drivers.slice(0, 1), work)).tookMs,
    );
    rows.push({
      what: `${together} drivers, ${work.name}`,
      figure: `${perSecond(together * work.count, aMs)} in all`,
      floor: `one alone ${perSecond(work.count, bMs)}`,
      ratio: together / ratio,
    });
    // Without the first, which does not count.
    const share = median(shares.slice(1));
    rows.push({ what: 'the least share of one', figure: share.toFixed(2), floor: 'the mean', ratio: share });
  }
  return rows;
}

/** Several drivers in this process, each with links of its own to the same nodes, which are processes of their own. */
export const driversBench: Bench = {
  name: 'drivers',
  question: `Do several drivers on ${NODES} nodes get as much done together as one alone, and as much as each other?`,
  async run() {
    const flags = ['--cpu', '1', '--resource', `place=${PLACES}`];
    await using a = await FarNode.startWith('a', [], flags);
    await using b = await FarNode.startWith('b', [a.url], flags);
    const joining = (at: number) => ({ ...driver(a.url, b.url), name: `driver${at + 1}` });
    const drivers = await Promise.all(Array.from({ length: DRIVERS }, (_, at) => Handoff.start(joining(at))));
    try {
      const rows: Row[] = [];
      for (const work of works) rows.push(...(await rowsOf(drivers, work)));
      return rows;
    } finally {
      await Promise.all(drivers.map((handoff) => handoff.stop({ graceMs: 0 })));
    }
  },
};
