import { Dag, type DynamicDag, functionsIn, Handoff } from 'handoff-dag';
import { type Bench, paired, type Row } from './measure.js';

const CHAINS = 1000;
const LENGTH = 10;
const FUNCTIONS = CHAINS * LENGTH;
const ROUNDS = 9;
const SHORT_ROUNDS = 3;
const AT_MOST = 1.5;

const { next, chains } = functionsIn<typeof import('./chain-tasks.mjs')>(new URL('./chain-tasks.mjs', import.meta.url));

const plainNext = (before = 0): number => before + 1;

/** Chains of functions that count up. */
function written(code: typeof plainNext | typeof next, isolation: 'loop' | 'thread'): DynamicDag {
  const dag = Dag.dynamic('written');
  for (let chain = 0; chain < CHAINS; chain += 1) {
    for (let at = 0; at < LENGTH; at += 1)
      dag.add({ id: `${chain}-${at}`, code, isolation, ...(at > 0 && { args: [`${chain}-${at - 1}`] }) } as Parameters<
        DynamicDag['add']
      >[0]);
  }
  return dag;
}

async function compared(what: string, rounds: number, grown: () => DynamicDag, whole: () => DynamicDag): Promise<Row> {
  await using handoff = await Handoff.start({ threads: 2, capabilities: { cpu: 2 } });
  const last = `${CHAINS - 1}-${LENGTH - 1}`;
  const expanded = async (): Promise<void> => {
    const { e } = (await handoff.execute(grown(), { collect: 'sinks' })).results as { e: Record<string, number> };
    if (e[last] !== LENGTH) throw new Error(`the last chain came to ${e[last]}`);
  };
  const plain = async (): Promise<void> => {
    const results = (await handoff.execute(whole(), { collect: 'sinks' })).results as Record<string, number>;
    if (results[last] !== LENGTH) throw new Error(`the last chain came to ${results[last]}`);
  };
  const { aMs, bMs, ratio } = await paired(rounds, expanded, plain);
  const each = (ms: number): string => `${((ms / FUNCTIONS) * 1000).toFixed(1)} µs a function`;
  return {
    what,
    figure: `${aMs.toFixed(0)} ms, ${each(aMs)}`,
    floor: `${bMs.toFixed(0)} ms written out`,
    ratio,
    target: `at most ${AT_MOST}`,
  };
}

async function run(isShort: boolean): Promise<readonly Row[]> {
  const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
  const expansion = (code: unknown, extraArgs: readonly unknown[], isolation?: 'loop' | 'thread'): DynamicDag =>
    Dag.dynamic('grown').expand({ id: 'e', code, extraArgs, ...(isolation && { isolation }) } as Parameters<DynamicDag['expand']>[0]);
  return [
    await compared(
      'plain functions on the loop',
      rounds,
      () => expansion(() => written(plainNext, 'loop'), []),
      () => written(plainNext, 'loop'),
    ),
    await compared(
      'references on the loop',
      rounds,
      () => expansion(chains, [CHAINS, LENGTH, 'loop'], 'loop'),
      () => written(next, 'loop'),
    ),
    await compared(
      'references in threads, and the DAG made in one',
      rounds,
      () => expansion(chains, [CHAINS, LENGTH, 'thread'], 'thread'),
      () => written(next, 'thread'),
    ),
  ];
}

/** What an expansion costs: 1,000 chains of 10 functions, within a run and written out. */
export const expandBench: Bench = {
  name: 'expand',
  question: 'Does a DAG take as long within a run, made by one of its functions, as by itself?',
  run: ({ isShort }) => run(isShort),
};
