import { fileURLToPath } from 'node:url';
import { Dag, type DagLike, functionsIn, Handoff } from 'handoff-dag';
import { type Bench, pairs, perSecond, type Row, timed } from './measure.js';

const THREADS = 2;
const ELEMENTS = 100_000;
const ROUNDS = 3;
const SMALL_DAGS = 2000;
const AT_ONCE = 64;
const SMALL_ROUNDS = 5;
const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));

type Code = ((n: number) => number) | typeof tasks.next;

/** A map over so many numbers. */
const mapped = (count: number, code: Code): DagLike =>
  Dag.dynamic()
    .add({ id: 'xs', code: () => Array.from({ length: count }, (_, at) => at) })
    .map({ id: 'ys', over: 'xs', code });

/** The same without a map: a function for each element, each of which takes a number from a function before them. */
function writtenOut(count: number, code: Code): DagLike {
  const dag = Dag.dynamic().add({ id: 'x', code: () => 1 });
  for (let at = 0; at < count; at += 1) dag.add({ id: `ys-${at}`, args: ['x'], code });
  return dag;
}

/** The time of a run, from the call on; its DAG is there by then, and is a new one each time. */
async function runMs(handoff: Handoff, dag: DagLike): Promise<number> {
  const ms = await timed(() => handoff.execute(dag as never, { retainMs: 0 }));
  await handoff.clear(dag.id);
  return ms;
}

async function large(handoff: Handoff, what: string, count: number, code: Code, rounds: number): Promise<Row> {
  const { aMs, bMs, ratio } = await pairs(
    rounds,
    () => runMs(handoff, mapped(count, code)),
    () => runMs(handoff, writtenOut(count, code)),
  );
  return {
    what: `a map over ${count.toLocaleString('en-US')}, ${what}`,
    figure: perSecond(count, aMs),
    floor: `written out ${perSecond(count, bMs)}`,
    ratio,
    target: 'at most 1.5',
  };
}

const smallMap = (from: number) =>
  new Dag(`map ${from}`)
    .add({ id: 'xs', code: () => [from, from + 1, from + 2] })
    .map({ id: 'ys', over: 'xs', code: (x: number) => x + 1 });

/** A function, three that take its value, and one that takes theirs. */
const smallFan = (from: number) =>
  new Dag(`fan ${from}`)
    .add({ id: 'x', code: () => from })
    .add({ id: 'a', code: (x: number) => x + 1, args: ['x'] })
    .add({ id: 'b', code: (x: number) => x + 2, args: ['x'] })
    .add({ id: 'c', code: (x: number) => x + 3, args: ['x'] })
    .add({ id: 'ys', code: (a: number, b: number, c: number) => [a, b, c], args: ['a', 'b', 'c'] });

/** The time of so many small DAGs, built and executed, so many at once. */
function smallMs(handoff: Handoff, make: (from: number) => DagLike, count: number): Promise<number> {
  let next = 0;
  const driveOn = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += 1;
      const { results } = await handoff.execute(make(from) as never);
      const { ys } = results as unknown as { readonly ys: readonly number[] };
      if (ys[0] !== from + 1 || ys[2] !== from + 3) throw new Error(`a run that began with ${from} came to ${ys.join()}`);
    }
  };
  return timed(() => Promise.all(Array.from({ length: AT_ONCE }, driveOn)));
}

async function small(handoff: Handoff, rounds: number): Promise<Row> {
  const { aMs, bMs, ratio } = await pairs(
    rounds,
    () => smallMs(handoff, smallMap, SMALL_DAGS),
    () => smallMs(handoff, smallFan, SMALL_DAGS),
  );
  return {
    what: `DAGs of one map over 3, ${AT_ONCE} at a time`,
    figure: perSecond(SMALL_DAGS, aMs),
    floor: `DAGs of 5 functions ${perSecond(SMALL_DAGS, bMs)}`,
    ratio: 1 / ratio,
    target: 'at least 0.5',
  };
}

/** What it costs that functions are added while their run goes on. */
export const mapsBench: Bench = {
  name: 'maps',
  question: 'What does an element of a map cost, beside a function that was there from the beginning?',
  isInShort: true,
  async run({ isShort }) {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    await using handoff = await Handoff.start({ capabilities: { cpu: THREADS }, threads: THREADS, root });
    const count = isShort ? ELEMENTS / 10 : ELEMENTS;
    const rounds = isShort ? 1 : ROUNDS;
    return [
      await large(handoff, 'on the loop', count, (n) => n + 1, rounds),
      await large(handoff, `in ${THREADS} threads`, isShort ? count / 10 : count, tasks.next, rounds),
      await small(handoff, isShort ? 3 : SMALL_ROUNDS),
    ];
  },
};
