import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { DataDir, DiskShelf, type RememberedShelf } from '../../lib/journal/index.js';
import { type Bench, median, perSecond, type Row, timed } from './measure.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const ENTRIES = 100_000;
const SHORT_ENTRIES = 10_000;
/** What a small result takes, packed. */
const PACKED = new Uint8Array(64).fill(7);
const DIGEST = 'd'.repeat(43);

const keyOf = (at: number): string => `key-${at}`.padEnd(43, '.');

/** Wall milliseconds of each call, one after the other. */
async function latencies(count: number, call: (at: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at += 1) took.push(await timed(() => call(at)));
  return took.sort((a, b) => a - b);
}

const micros = (ms: number): string => `${Math.round(ms * 1000)} µs`;

/** Keeps the event loop busy with work of so many ms, turn after turn, until it is told to end. */
function busyLoop(eachMs: number): () => Promise<void> {
  let isOver = false;
  const working = (async () => {
    while (!isOver) {
      for (const untilMs = performance.now() + eachMs; performance.now() < untilMs; );
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  })();
  return () => {
    isOver = true;
    return working;
  };
}

async function oneAfterTheOther(shelf: RememberedShelf, entries: number, how: string, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  const measure = async (what: string, call: (at: number) => Promise<unknown>, target?: string): Promise<void> => {
    await latencies(count / 4, call);
    const took = await latencies(count, call);
    const p99 = took[Math.floor(took.length * 0.99)]!;
    rows.push({
      what: `${what}, ${how}: one after the other`,
      figure: micros(median(took)),
      floor: `p99 ${micros(p99)}`,
      ...(target && { target }),
    });
  };
  await measure('hit', (at) => shelf.find(keyOf((at * 7919) % entries), 0), 'at most 200 µs');
  await measure('miss', (at) => shelf.find(`no ${at}`, 0), 'at most 200 µs');
  await measure('remember', (at) => shelf.remember(keyOf((at * 104_729) % entries), { digest: DIGEST, held: { packed: PACKED } }));
  return rows;
}

async function atOnce(what: string, count: number, call: (at: number) => Promise<unknown>): Promise<Row> {
  const perTurn = 1_000;
  let longestMs = 0;
  const tookMs = await timed(async () => {
    for (let from = 0; from < count; from += perTurn) {
      const startMs = performance.now();
      const calls = Array.from({ length: perTurn }, (_, at) => call(from + at));
      longestMs = Math.max(longestMs, performance.now() - startMs);
      await Promise.all(calls);
    }
  });
  return {
    what: `${what}, ${perTurn.toLocaleString('en-US')} in a turn`,
    figure: perSecond(count, tookMs),
    floor: `asking: ${longestMs.toFixed(1)} ms`,
  };
}

/** What the shelf costs, without the runner and without digests. */
export const rememberedBench: Bench = {
  name: 'remembered',
  question: 'How long does it take to find a remembered result, among many?',
  async run({ isShort }) {
    const folder = await mkdtemp(join(project, '.bench-'));
    const entries = isShort ? SHORT_ENTRIES : ENTRIES;
    const options = { limitBytes: 1 << 30, clock: systemClock, logger: silentLogger };
    const dataDir = await DataDir.open(folder);
    const rows: Row[] = [];
    try {
      const made = new DiskShelf(dataDir, options);
      rows.push(await atOnce('remember', entries, (at) => made.remember(keyOf(at), { digest: DIGEST, held: { packed: PACKED } })));
      await made.close();
      const { size } = await stat(join(folder, 'remembered.db'));
      rows.push({
        what: 'bytes of a small result on disk',
        figure: `${Math.round(size / entries)} B`,
        floor: `${PACKED.length} B of its own`,
      });
      const shelf = new DiskShelf(dataDir, options);
      rows.push({ what: 'first look-up, with the opening', figure: `${(await timed(() => shelf.find(keyOf(1), 0))).toFixed(0)} ms` });
      rows.push(await atOnce('hit', entries, (at) => shelf.find(keyOf(at), 0)));
      rows.push(await atOnce('miss', entries, (at) => shelf.find(`no ${at}`, 0)));
      const count = isShort ? 400 : 4_000;
      rows.push(...(await oneAfterTheOther(shelf, entries, 'idle loop', count)));
      const end = busyLoop(1);
      rows.push(...(await oneAfterTheOther(shelf, entries, 'turns of 1 ms', count / 4)));
      await end();
      await shelf.close();
      return rows;
    } finally {
      dataDir.close();
      await rm(folder, { recursive: true });
    }
  },
};
