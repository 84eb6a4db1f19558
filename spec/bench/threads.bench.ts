import { fileURLToPath } from 'node:url';
import { Dag, type DynamicDag, functionsIn, Handoff } from 'handoff-dag';
import { Piscina } from 'piscina';
import { type Bench, paired, perSecond, type Row } from './measure.js';

const THREADS = 2;
const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));

function fan(count: number, code: typeof tasks.nothing): DynamicDag {
  const dag = Dag.dynamic();
  for (let index = 0; index < count; index += 1) dag.add({ id: `f${index}`, code });
  return dag;
}

/** The pool as it is, with as many calls waiting as it likes. */
async function poolFloor(pool: Piscina, count: number, kind: string): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => pool.run(kind)));
}

/** What a function in a thread costs beside the pool that runs it. */
export const threadsBench: Bench = {
  name: 'threads',
  question: 'What does a function in a thread cost, beside the worker pool underneath?',
  isInShort: true,
  async run({ isShort }) {
    await using handoff = await Handoff.start({
      capabilities: { cpu: THREADS },
      threads: THREADS,
      root: fileURLToPath(new URL('../..', import.meta.url)),
    });
    const filename = fileURLToPath(new URL('./piscina-worker.mjs', import.meta.url));
    const pool = new Piscina({ filename, minThreads: THREADS, maxThreads: THREADS, recordTiming: false });
    const rows: Row[] = [];
    const cases = [
      ['no-op', 5000, tasks.nothing, 'nothing', 'at least 0.6'],
      ['1 ms', 1000, tasks.oneMillisecond, 'busy', 'at least 0.8'],
    ] as const;
    for (const [what, count, code, kind, target] of isShort ? cases.slice(0, 1) : cases) {
      const dag = fan(count, code);
      const { aMs, bMs, ratio, cold } = await paired(
        isShort ? 3 : 7,
        () => handoff.execute(dag),
        () => poolFloor(pool, count, kind),
      );
      rows.push({
        what: `${what} functions on ${THREADS} threads`,
        figure: perSecond(count, aMs),
        floor: `bare pool ${perSecond(count, bMs)}`,
        ratio: 1 / ratio,
        cold: 1 / cold,
        target,
      });
    }
    await pool.destroy();
    return rows;
  },
};
