import { Dag, type DynamicDag, type Handoff } from '../../lib/index.js';
import { alone } from './alone.js';
import { beatingNode, spyingNode } from './beat-spy.js';
import { driver, FarNode, farTasks, type ObservedNode } from './far-node.js';
import { type Bench, perSecond, type Row } from './measure.js';
import { ProcessWatch, type Watched } from './process-watch.mjs';

const READY = 1_000_000;
const VALUES = 1000;
const VALUE_BYTES = 256 * 1024;
const SLOW_MS = 5;
/** Of the node that makes the values, which may fill half of it. */
const MEMORY_MIB = 64;
const BEAT_LATE_MS = 100;
const MIB = 2 ** 20;

/** What a run under pressure does to its driver, to another node, and to the beats of that node. */
interface Pressed {
  readonly tookMs: number;
  readonly driver: Watched;
  readonly node: Watched;
  readonly beatLateMs: number;
}

async function pressed(
  handoff: Handoff,
  node: ObservedNode,
  spy: { clear(): void; readonly latestMs: number },
  dag: DynamicDag,
): Promise<Pressed> {
  await node.watch();
  const watch = new ProcessWatch();
  spy.clear();
  const startMs = performance.now();
  const run = handoff.execute(dag, { collect: [] });
  await run;
  const tookMs = performance.now() - startMs;
  const beatLateMs = spy.latestMs;
  if (run.progress.succeeded !== dag.size) throw new Error(`only ${run.progress.succeeded} of ${dag.size} have succeeded`);
  return { tookMs, driver: watch.end(), node: await node.watched(), beatLateMs };
}

/** All of so many functions are ready at once, and only another node may run them. */
export async function manyReady(count: number): Promise<Pressed> {
  await using far = await beatingNode('far');
  const { handoff, spy } = await spyingNode(driver(far.url), far.url);
  await using _ended = handoff;
  const fan = (count: number): DynamicDag => {
    const dag = Dag.dynamic('fan');
    for (let index = 0; index < count; index += 1) dag.add({ id: `f${index}`, code: farTasks.nothing, node: far.name, isolation: 'loop' });
    return dag;
  };
  await handoff.execute(fan(1000), { collect: [] });
  return await pressed(handoff, far, spy, fan(count));
}

/** One node makes values far faster than another takes them, one at a time. */
export async function slowConsumer(count: number): Promise<Pressed> {
  await using maker = await beatingNode('maker', MEMORY_MIB);
  await using taker = await FarNode.startWith('taker', [maker.url], ['--cpu', '1']);
  const { handoff, spy } = await spyingNode(driver(maker.url, taker.url), maker.url);
  await using _ended = handoff;
  const pairs = (count: number): DynamicDag => {
    const dag = Dag.dynamic('values');
    for (let index = 0; index < count; index += 1) {
      dag.add({ id: `made-${index}`, code: farTasks.otherBytes, extraArgs: [VALUE_BYTES], node: maker.name, isolation: 'loop' });
      const taken = { code: farTasks.slowSizeOf, args: [`made-${index}`], extraArgs: [SLOW_MS], node: taker.name } as const;
      dag.add({ id: `taken-${index}`, ...taken, isolation: 'loop', cost: { cpu: 1 } });
    }
    return dag;
  };
  await handoff.execute(pairs(10), { collect: [] });
  return await pressed(handoff, maker, spy, pairs(count));
}

const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;

const grew = (what: string, { grewBytes: { rss, heapUsed, external } }: Watched, among?: number): Row => ({
  what: `${what} grows by at most`,
  figure: `${mebibytes(rss)}, heap ${mebibytes(heapUsed)}, outside ${mebibytes(external)}`,
  ...(among && { floor: `${Math.round(rss / among)} bytes for each` }),
});

const pauses = ({ driver, node }: Pressed): Row => ({
  what: 'the loops pause for at most',
  figure: `driver ${driver.longestPauseMs.toFixed(0)} ms, node ${node.longestPauseMs.toFixed(0)} ms`,
});

const beat = (what: string, { beatLateMs }: Pressed): Row => ({
  what: `a beat of ${what}`,
  figure: `${beatLateMs.toFixed(0)} ms late`,
  floor: `${BEAT_LATE_MS} ms`,
  ratio: beatLateMs / BEAT_LATE_MS,
  target: 'at most 1',
});

/** What piles up where somebody is faster than those who follow. */
export const pressureBench: Bench = {
  name: 'pressure',
  question: 'What piles up, and are beats on time, where more is ready than another node can take?',
  async run() {
    const ready = await alone<Pressed>('./pressure.bench.ts', 'manyReady', READY);
    const slow = await alone<Pressed>('./pressure.bench.ts', 'slowConsumer', VALUES);
    const allBytes = VALUES * VALUE_BYTES;
    const heldBytes = slow.node.grewBytes.external;
    return [
      { what: `${READY.toLocaleString('en-US')} functions ready for another node`, figure: perSecond(READY, ready.tookMs) },
      grew('their driver', ready.driver, READY),
      grew('their node', ready.node),
      pauses(ready),
      beat('that node', ready),
      {
        what: `${VALUES} values of 256 KiB, one taken in ${SLOW_MS} ms`,
        figure: perSecond(VALUES, slow.tookMs),
        floor: `at best ${perSecond(1, SLOW_MS)}`,
        ratio: (VALUES * SLOW_MS) / slow.tookMs,
      },
      {
        what: 'occupied where they are made, at most',
        figure: mebibytes(heldBytes),
        floor: `all of them ${mebibytes(allBytes)}, its memory ${MEMORY_MIB} MiB, garbage included`,
        ratio: heldBytes / allBytes,
      },
      grew('the node that makes them', slow.node),
      grew('their driver', slow.driver),
      pauses(slow),
      beat('the node that makes them', slow),
    ];
  },
};
