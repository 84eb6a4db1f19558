import { availableParallelism } from 'node:os';
import { FarNode } from './far-node.js';
import type { Bench, Row } from './measure.js';
import { type MetgCase, type MetgPoints, measured, measuredByDask, metgOf, whyNoDask } from './metg-cases.js';
import { PATTERNS } from './metg-pattern.mjs';

const CORES = availableParallelism();
const WIDTH = 4 * CORES;
const GRAINS_US = [20_000, 8000, 4000, 2000, 1000, 500, 250, 120, 60, 30];
const SHORT_GRAINS_US = [2000, 500, 250, 100, 50, 30];
/** Dask takes some ms for each function. */
const DASK_GRAINS_US = [20_000, 8000, 4000, 2000, 1000];
const DASK_FUNCTIONS = 160;

/** A way to run the functions. */
interface Way {
  readonly what: string;
  readonly how: MetgCase['how'];
  readonly slots: number;
  /** On so many other nodes; 0 for the process itself. */
  readonly nodes: number;
  readonly ahead?: number;
  readonly isInShort?: boolean;
  /** The least function that is wanted to leave half and nine tenths of the time, µs. */
  readonly wanted?: readonly [number, number];
}

const FLOOR: Way = { what: 'bare threads, one message at each', how: 'bare', slots: CORES, nodes: 0, ahead: 1, isInShort: true };

const ways: readonly Way[] = [
  { what: 'bare threads, two messages at each', how: 'bare', slots: CORES, nodes: 0, ahead: 2, isInShort: true },
  { what: 'threads', how: 'threads', slots: CORES, nodes: 0, isInShort: true, wanted: [80, 1000] },
  { what: 'processes', how: 'processes', slots: CORES, nodes: 0 },
  { what: 'the loop', how: 'loop', slots: 1, nodes: 0 },
  { what: 'threads of two nodes', how: 'threads', slots: 2 * Math.ceil(CORES / 2), nodes: 2, isInShort: true, wanted: [250, 2000] },
  { what: 'loops of two nodes', how: 'loop', slots: 2, nodes: 2, wanted: [200, 2000] },
  { what: 'threads of four nodes', how: 'threads', slots: 4 * Math.ceil(CORES / 4), nodes: 4 },
  { what: 'loops of four nodes', how: 'loop', slots: 4, nodes: 4 },
];

/** Starts the nodes of a way, each with its part of the slots, and measures there. */
async function measuredIn({ how, slots, nodes, ahead = 1 }: Way, isShort: boolean): Promise<MetgPoints> {
  const given: MetgCase = {
    how,
    slots,
    width: WIDTH,
    patterns: PATTERNS,
    grainsUs: isShort ? SHORT_GRAINS_US : GRAINS_US,
    busyMs: isShort ? 30 : 200,
    rounds: isShort ? 3 : 5,
    join: [],
    ahead,
  };
  const started: FarNode[] = [];
  try {
    for (let number = 1; number <= nodes; number += 1) {
      const flags = ['--cpu', String(slots / nodes)];
      const urls = started.map(({ url }) => url);
      started.push(await FarNode.startWith(`node${number}`, urls, flags));
    }
    return await measured({ ...given, join: started.map(({ url }) => url) });
  } finally {
    await Promise.all(started.map((node) => node[Symbol.asyncDispose]()));
  }
}

/** `244 µs`, or that it is beyond what was measured. */
function textOf({ us, bound }: ReturnType<typeof metgOf>): string {
  return `${bound === undefined ? '' : bound === 'below' ? '< ' : '> '}${us.toFixed(0)} µs`;
}

function rowsOf(what: string, points: MetgPoints, floor: MetgPoints | undefined, wanted: Way['wanted']): readonly Row[] {
  const rows: Row[] = [];
  for (const [at, share] of [0.5, 0.9].entries()) {
    for (const pattern of PATTERNS) {
      const found = metgOf(points[pattern]!, share);
      const bare = floor && metgOf(floor[pattern]!, share);
      rows.push({
        what: `${what}, ${pattern}: METG(${share * 100} %)`,
        figure: textOf(found),
        ...(bare && { floor: `bare threads ${textOf(bare)}`, ratio: found.us / bare.us }),
        ...(wanted && { target: `a METG of at most ${wanted[at]} µs` }),
      });
    }
  }
  return rows;
}

/** The Task Bench of Slaughter et al. (SC20): what the smallest function is that still leaves half of the machine to user code. */
export const metgBench: Bench = {
  name: 'metg',
  question: `How long must functions take to get 50 % and 90 % of the time of ${CORES} cores, ${WIDTH} columns of them?`,
  isInShort: true,
  async run({ isShort }) {
    const floor = await measuredIn(FLOOR, isShort);
    const rows = [...rowsOf(FLOOR.what, floor, undefined, undefined)];
    for (const way of ways) {
      if (isShort && !way.isInShort) continue;
      rows.push(...rowsOf(way.what, await measuredIn(way, isShort), floor, way.wanted));
    }
    const why = isShort ? 'skipped: only the whole benchmark runs it' : await whyNoDask();
    if (why !== undefined) return [...rows, { what: `Dask, ${CORES} processes`, figure: why }];
    const dask = await measuredByDask({ slots: CORES, width: WIDTH, grainsUs: DASK_GRAINS_US, rounds: 3 }, DASK_FUNCTIONS);
    return [...rows, ...rowsOf(`Dask, ${CORES} processes`, dask, floor, undefined)];
  },
};
