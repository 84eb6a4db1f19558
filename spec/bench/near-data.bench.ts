import { simulate } from '../../lib/testing/index.js';
import { listScheduleMs } from './list-schedule.js';
import type { Bench, Row } from './measure.js';
import { dagOf, type Scale, type Workflow, workflowsAt } from './workflows.js';

const NODES = 4;
const CPUS = 32;
/** The longest replay, virtual ms, and all of its values together: longer and larger ones are scaled down, and the links with them. */
const LONGEST_MS = 1_800_000;
const LARGEST_BYTES = 128 * 2 ** 20;
/** What the links were if nothing was scaled: a gigabit per second. */
const LINK = { delayMs: 1, bytesPerSecond: 125e6 };
const heartbeat = { intervalMs: 60_000, timeoutMs: 300_000 };

type Strategy = 'near-data' | 'load-balanced';
/** Whether the driver wants nothing, or what no other function takes. */
type Collect = readonly [] | 'sinks';
const COLLECTED: readonly Collect[] = [[], 'sinks'];

/** What a run came to: how long it took, virtual ms, and how many bytes of values went over links. */
interface Replay {
  readonly ms: number;
  readonly movedBytes: number;
}

/** As the workflow was recorded, or smaller in proportion. */
function scaleOf(workflow: Workflow): Scale {
  const allBytes = workflow.valueBytes.reduce((sum, bytes) => sum + bytes, 0);
  return {
    time: Math.min(1, LONGEST_MS / listScheduleMs(workflow, 1, NODES * CPUS)),
    bytes: Math.min(1, LARGEST_BYTES / Math.max(1, allBytes)),
  };
}

/** `n1 > n2: chunk of value 7, 1048576 bytes`: one of the chunks of a value, with the size of all. */
const CHUNK = /(?<link>\S+ > \S+): chunk of value (?<transfer>\d+), (?<bytes>\d+) bytes$/;

/** Each value once for each link that it went over, however many chunks it came in. */
function bytesMoved(trace: readonly string[]): number {
  const moved = new Map<string, number>();
  for (const line of trace) {
    const { link, transfer, bytes } = CHUNK.exec(line)?.groups ?? {};
    if (bytes !== undefined) moved.set(`${link} ${transfer}`, Number(bytes));
  }
  return [...moved.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function replay(workflow: Workflow, allocationStrategy: Strategy, collect: Collect): Promise<Replay> {
  const nodes = Array.from({ length: NODES }, () => ({ capabilities: { cpu: CPUS }, loopConcurrency: 2 * CPUS, heartbeat }));
  const scale = scaleOf(workflow);
  const bytesPerSecond = (LINK.bytesPerSecond * scale.bytes) / scale.time;
  const { result, trace } = await simulate({ seed: 1, nodes }, async (cluster) => {
    for (const [at, a] of cluster.names.entries()) {
      for (const b of cluster.names.slice(at + 1)) await cluster.link(a, b).set({ delayMs: LINK.delayMs, bytesPerSecond });
    }
    const { durationMs } = await cluster.node('n1').execute(dagOf(workflow, 'replayed', scale, true), { collect, allocationStrategy });
    return durationMs;
  });
  return { ms: result, movedBytes: bytesMoved(trace) };
}

const mebibytes = (bytes: number, scale: number): string => `${(bytes / scale / 2 ** 20).toFixed(1)} MiB`;
const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Recorded workflows in virtual time, with their files as values, on nodes whose links take their time. */
export const nearDataBench: Bench = {
  name: 'near-data',
  question: `How much less do values travel between ${NODES} nodes of ${CPUS} cpus where functions go to them, and does the run take longer?`,
  async run({ paths }) {
    const rows: Row[] = [];
    const ratios: number[] = [];
    for (const workflow of workflowsAt(paths)) {
      for (const collect of COLLECTED) {
        const near = await replay(workflow, 'near-data', collect);
        const balanced = await replay(workflow, 'load-balanced', collect);
        const { bytes } = scaleOf(workflow);
        const what = `${workflow.name.slice(0, 24)}${collect === 'sinks' ? ', sinks to the driver' : ''}`;
        if (balanced.movedBytes > 0) {
          const ratio = near.movedBytes / balanced.movedBytes;
          if (collect !== 'sinks') ratios.push(ratio);
          const floor = `load-balanced ${mebibytes(balanced.movedBytes, bytes)}`;
          rows.push({ what: `${what}: moved`, figure: mebibytes(near.movedBytes, bytes), floor, ratio, target: 'at most 1' });
        }
        const floor = `load-balanced ${(balanced.ms / 1000).toFixed(1)} s`;
        const figure = `${(near.ms / 1000).toFixed(1)} s`;
        rows.push({ what: `${what}: makespan`, figure, floor, ratio: near.ms / balanced.ms, target: 'at most 1.05' });
      }
    }
    if (ratios.length > 0) {
      const ratio = geometricMean(ratios.map((one) => Math.max(one, 0.01)));
      rows.push({ what: 'moved, geometric mean', figure: ratio.toFixed(3), ratio, target: 'at most 0.5' });
    }
    return rows;
  },
};
