import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamicDag, Handoff } from 'handoff-dag';
import { driver, ObservedNode } from './far-node.js';
import { FloorPair } from './floor-pair.js';
import { type Bench, pairs, type Row, timed } from './measure.js';
import { ProcessWatch } from './process-watch.mjs';
import { transfers } from './transfers.js';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const ROUNDS = 3;
const PAUSE_MS = 50;
const IDLE_MS = 500;

interface Size {
  readonly text: string;
  readonly sizeBytes: number;
  readonly count: number;
  readonly inFlight: number;
}

const size = (text: string, sizeBytes: number, count: number, inFlight: number): Size => ({ text, sizeBytes, count, inFlight });
const LARGEST = size('256 MiB', 256 * MIB, 1, 1);
const SIZES = [
  size('1 KiB', KIB, 1000, 16),
  size('16 KiB', 16 * KIB, 500, 16),
  size('64 KiB', 64 * KIB, 250, 16),
  size('256 KiB', 256 * KIB, 250, 16),
  size('1 MiB', MIB, 100, 16),
  size('16 MiB', 16 * MIB, 8, 4),
  size('64 MiB', 64 * MIB, 3, 2),
  LARGEST,
];

const mebibytesPerSecond = ({ count, sizeBytes }: Size, ms: number): string => {
  const rate = ((count * sizeBytes) / MIB / ms) * 1000;
  return `${rate < 100 ? rate.toFixed(1) : rate.toFixed(0)} MiB/s`;
};

/** Throws unless all of a value came where it was to go. */
async function check(handoff: Handoff, dag: DynamicDag, sizeBytes: number): Promise<void> {
  const { results } = await handoff.execute(dag, { collect: 'sinks' });
  const wrong = Object.values(results).find((taken) => taken !== sizeBytes);
  if (wrong !== undefined) throw new Error(`a value of ${sizeBytes} bytes came as one of ${wrong}`);
}

interface Place {
  readonly handoff: Handoff;
  /** B has dialled A. */
  readonly a: ObservedNode;
  readonly b: ObservedNode;
  readonly floor: FloorPair;
}

type Direction = 'to' | 'from';

const dagOf = ({ a, b }: Place, direction: Direction, size: Size): DynamicDag =>
  direction === 'to' ? transfers(a.name, b.name, size) : transfers(b.name, a.name, size);

async function rate(place: Place, direction: Direction, size: Size): Promise<Row> {
  const { handoff, floor } = place;
  const { text, sizeBytes, count, inFlight } = size;
  const dag = dagOf(place, direction, size);
  await check(handoff, dag, sizeBytes);
  const asking = { count, inFlight, sizeBytes };
  const { aMs, bMs, ratio } = await pairs(
    ROUNDS,
    () => timed(() => handoff.execute(dag, { maxConcurrency: inFlight, collect: [] })),
    // A value is asked for by the node that takes it.
    () => (direction === 'to' ? floor.diallerAsks(asking) : floor.listenerAsks(asking)),
  );
  return {
    what: `${text} ${direction} the node that dialled`,
    figure: mebibytesPerSecond(size, aMs),
    floor: `bare ws ${mebibytesPerSecond(size, bMs)}`,
    ratio: 1 / ratio,
  };
}

/** The longest pause of the loops of both nodes and of the driver, ms, while something goes on. */
async function pauses({ a, b }: Place, action: () => Promise<unknown>): Promise<readonly [a: number, b: number, driver: number]> {
  await Promise.all([a.watch(), b.watch()]);
  const watch = new ProcessWatch();
  await action();
  const here = watch.end();
  const there = await Promise.all([a.watched(), b.watched()]);
  return [there[0].longestPauseMs, there[1].longestPauseMs, here.longestPauseMs];
}

async function pauseRow(place: Place, direction: Direction): Promise<Row> {
  const dag = dagOf(place, direction, LARGEST);
  // The value has been made before: what counts is its way.
  await check(place.handoff, dag, LARGEST.sizeBytes);
  const idle = await pauses(place, () => sleep(IDLE_MS));
  const [a, b, driver] = await pauses(place, () => place.handoff.execute(dag, { collect: [] }));
  const [giver, taker] = direction === 'to' ? [a, b] : [b, a];
  const most = Math.max(a, b, driver);
  const each = `giver ${giver.toFixed(0)}, taker ${taker.toFixed(0)}, driver ${driver.toFixed(0)}`;
  return {
    what: `longest pause of a loop, ${LARGEST.text} ${direction} the dialler`,
    figure: `${most.toFixed(0)} ms`,
    floor: `${PAUSE_MS} ms (${each}; when idle ${Math.max(...idle).toFixed(0)})`,
    ratio: most / PAUSE_MS,
    target: 'at most 1',
  };
}

/** The way of values of any size, from the loop of one node to that of another. */
export const sizesBench: Bench = {
  name: 'sizes',
  question: 'How fast does a value get from a node to its consumer on another, by its size, beside bare ws?',
  async run() {
    await using floor = await FloorPair.start();
    await using a = await ObservedNode.startObserved('a');
    await using b = await ObservedNode.startObserved('b', a.url);
    await using handoff = await Handoff.start(driver(a.url, b.url));
    const place: Place = { handoff, a, b, floor };
    const directions = ['to', 'from'] as const;
    const rows: Row[] = [];
    for (const one of SIZES) for (const direction of directions) rows.push(await rate(place, direction, one));
    for (const direction of directions) rows.push(await pauseRow(place, direction));
    return rows;
  },
};
