import { Handoff } from 'handoff-dag';
import { beatsDuring } from './beats.js';
import { driver, FarNode } from './far-node.js';
import { type Asking, FloorPair } from './floor-pair.js';
import { type Bench, pairs, type Row, timed, warmUp } from './measure.js';
import { transfers } from './transfers.js';

const VALUES = 256;
const IN_FLIGHT = 16;
const ROUNDS = 5;
const SHORT_ROUNDS = 3;
const MIB = 2 ** 20;

const perSecond = (ms: number): string => `${((VALUES / ms) * 1000).toFixed(0)} MiB/s`;

/** The most that this process's memory grows by while something goes on, bytes. */
async function growth(action: () => Promise<unknown>): Promise<{ rss: number; external: number }> {
  globalThis.gc?.();
  const usage = (): { rss: number; external: number } => {
    const { rss, external } = process.memoryUsage();
    return { rss, external };
  };
  const before = usage();
  const most = { rss: 0, external: 0 };
  const look = (): void => {
    const now = usage();
    for (const of of ['rss', 'external'] as const) most[of] = Math.max(most[of], now[of] - before[of]);
  };
  const timer = setInterval(look, 5);
  try {
    await action();
  } finally {
    clearInterval(timer);
  }
  look();
  return most;
}

/** Values from one process to another, whichever dialled; and what their way costs those who are not on it. */
export const valuesBench: Bench = {
  name: 'values',
  question: 'How fast do values of 1 MiB get from node to node, beside bare ws, and what do they cost others?',
  isInShort: true,
  async run({ isShort }) {
    const rows: Row[] = [];
    await using floor = await FloorPair.start();
    await using a = await FarNode.start('a');
    await using b = await FarNode.start('b', a.url);
    await using handoff = await Handoff.start(driver(a.url, b.url));
    const asking: Asking = { count: VALUES, inFlight: IN_FLIGHT, sizeBytes: MIB };
    const values = { count: VALUES, sizeBytes: MIB };
    // A listens and B has dialled it; a value is asked for by the node that takes it.
    for (const [what, dag, bare] of [
      ['1 MiB values to the node that dialled', transfers('a', 'b', values), () => floor.diallerAsks(asking)],
      ['1 MiB values from the node that dialled', transfers('b', 'a', values), () => floor.listenerAsks(asking)],
    ] as const) {
      const run = (): Promise<number> => timed(() => handoff.execute(dag, { maxConcurrency: IN_FLIGHT, collect: [] }));
      await warmUp(isShort, run, bare);
      const { aMs, bMs, ratio } = await pairs(isShort ? SHORT_ROUNDS : ROUNDS, run, bare);
      rows.push({ what, figure: perSecond(aMs), floor: `bare ws ${perSecond(bMs)}`, ratio: 1 / ratio, target: 'at least 0.6' });
    }
    if (isShort) return rows;
    const passed = transfers('a', 'b', values);
    const { rss, external } = await growth(() => handoff.execute(passed, { maxConcurrency: IN_FLIGHT, collect: [] }));
    const inMiB = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
    rows.push({
      what: `growth of the driver while ${VALUES} MiB pass`,
      figure: `${inMiB(rss)} in all`,
      floor: `${inMiB(external)} outside the heap`,
    });
    const { sizeMiB, tookMs, latestMs, lagMs, idleLatestMs } = await beatsDuring();
    rows.push({
      what: `a beat beside a value of ${sizeMiB} MiB (${tookMs.toFixed(0)} ms)`,
      figure: `${latestMs.toFixed(0)} ms late`,
      floor: `100 ms (${idleLatestMs.toFixed(0)} ms when idle, lag ${lagMs.toFixed(0)} ms)`,
      ratio: latestMs / 100,
      target: 'at most 1',
    });
    return rows;
  },
};
