import { tmpdir } from 'node:os';
import { alone } from './alone.js';
import type { BareWork, DiskRates } from './bare-disk.js';
import { beatingNode, spyingNode } from './beat-spy.js';
import { driver } from './far-node.js';
import type { Bench, Row } from './measure.js';
import { check, peakOf, tree } from './spill-node.mjs';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SIZES = [64 * KIB, MIB, 16 * MIB, 256 * MIB];
const MEMORY_MIB = 1024;
const MOST_RSS_BYTES = 1.5 * GIB;
const LATE_MS = 100;
/** Values smaller than this share files. */
const SMALLEST_FILE_BYTES = 8 * MIB;
/** From this size on each value gets new pages from the system, small ones unless it is told otherwise. */
const NEW_PAGES_FROM_BYTES = 32 * MIB;
const LARGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

type Work = Parameters<typeof tree>[0];
type Spilled = Awaited<ReturnType<typeof import('./spill-node.mjs').onOne>>;

/** On two nodes, driven by a third. */
async function onTwo(work: Work): Promise<Spilled> {
  const { dag, sum } = tree(work);
  await using one = await beatingNode('one', MEMORY_MIB);
  await using other = await beatingNode('other', MEMORY_MIB, one.url);
  const { handoff, spy } = await spyingNode(driver(one.url, other.url), one.url);
  await using _ended = handoff;
  let diskBytes = 0;
  const looks = setInterval(() => {
    void handoff.nodes().then((nodes) => {
      diskBytes = Math.max(
        diskBytes,
        nodes.reduce((bytes, { held }) => bytes + held.diskBytes, 0),
      );
    });
  }, 50);
  spy.clear();
  const startMs = performance.now();
  const { results } = await handoff.execute(dag, { collect: 'sinks', allocationStrategy: 'load-balanced' });
  const tookMs = performance.now() - startMs;
  clearInterval(looks);
  check(results, sum);
  return { tookMs, peakBytes: Math.max(peakOf(one.pid), peakOf(other.pid)), lateMs: spy.latestMs, diskBytes };
}

const inWords = (bytes: number): string => (bytes >= MIB ? `${Math.round(bytes / MIB)} MiB` : `${bytes / KIB} KiB`);
const rate = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond / MIB)} MiB/s`;

function rowsOf(where: string, { sizeBytes, totalBytes }: Work, spilled: Spilled, bare: DiskRates): Row[] {
  const what = `${inWords(totalBytes)} in values of ${inWords(sizeBytes)}, ${where}`;
  const { tookMs, peakBytes, lateMs, diskBytes } = spilled;
  // Written once and read once: what the disk alone would take for that.
  const bareMs = (totalBytes / bare.writeRate + totalBytes / bare.readRate) * 1000;
  return [
    {
      what,
      figure: rate((2 * totalBytes * 1000) / tookMs),
      floor: `the bare disk ${rate((2 * totalBytes * 1000) / bareMs)} (writes ${rate(bare.writeRate)}, reads ${rate(bare.readRate)}); at most ${inWords(diskBytes)} on it`,
      ratio: bareMs / tookMs,
      target: 'at least 0.5',
    },
    {
      what: '  resident memory, at most',
      figure: inWords(peakBytes),
      floor: inWords(MOST_RSS_BYTES),
      ratio: peakBytes / MOST_RSS_BYTES,
      target: 'at most 1',
    },
    { what: '  a beat', figure: `${lateMs.toFixed(0)} ms late`, floor: `${LATE_MS} ms`, ratio: lateMs / LATE_MS, target: 'at most 1' },
  ];
}

/** Values that do not fit into the memory of their node, beside the bare disk. */
export const spillBench: Bench = {
  name: 'spill',
  question: `How fast do values go through a node of ${MEMORY_MIB} MiB and its disk, beside the bare disk, and what do they occupy?`,
  async run({ isShort }) {
    const totalBytes = isShort ? 2 * GIB : 10 * GIB;
    const rows: Row[] = [];
    for (const sizeBytes of SIZES) {
      const work = { sizeBytes, totalBytes, memoryMiB: MEMORY_MIB };
      const given: BareWork = { folder: tmpdir(), totalBytes, fileBytes: Math.max(sizeBytes, SMALLEST_FILE_BYTES) };
      const bare = await alone<DiskRates>('./bare-disk.ts', 'bareDisk', given);
      rows.push(...rowsOf('one node', work, await alone<Spilled>('./spill-node.mjs', 'onOne', work), bare));
      if (sizeBytes >= NEW_PAGES_FROM_BYTES) {
        const spilled = await alone<Spilled>('./spill-node.mjs', 'onOne', work, LARGE_PAGES);
        rows.push(...rowsOf('one node with large pages', work, spilled, bare));
      }
      rows.push(...rowsOf('two nodes', work, await onTwo(work), bare));
    }
    return rows;
  },
};
