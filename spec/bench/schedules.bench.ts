import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { listScheduleMs, lowerBoundMs } from './list-schedule.js';
import { mappedDagOf } from './mapped-workflows.js';
import type { Bench, Row } from './measure.js';
import { dagOf, type Workflow, workflowsAt } from './workflows.js';

/** The longest replay, virtual ms: longer ones are told in less time. A simulation ends after two hours. */
const LONGEST_MS = 1_800_000;

/** How many nodes, of how many cpus. What the links between several cost is for others to ask: here values are empty. */
const CLUSTERS = [
  [1, 8],
  [1, 32],
  [4, 8],
] as const;

/** A beat says nothing here that anybody needs: many of them only take real time. */
const heartbeat = { intervalMs: 60_000, timeoutMs: 300_000 };

type Cluster = (typeof CLUSTERS)[number];

/** What one run took, virtual ms. */
async function replayed(
  cluster: TestCluster,
  dag: ReturnType<typeof dagOf>,
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const options = { collect: [], allocationStrategy: 'load-balanced', inputs } as const;
  const { durationMs } = await cluster.node(cluster.names[0]!).execute(dag, options);
  return durationMs;
}

/** With estimates; with none and nothing learnt; with what was learnt; with maps instead of functions that are alike. */
async function engineMs(workflow: Workflow, time: number, [count, cpus]: Cluster): Promise<readonly [number, number, number, number]> {
  const nodes = Array.from({ length: count }, () => ({ capabilities: { cpu: cpus }, loopConcurrency: cpus, heartbeat }));
  const scale = { time, bytes: 0 };
  const { result } = await simulate({ seed: 1, nodes }, async (cluster) => {
    const unknown = dagOf(workflow, 'unknown', scale, false);
    const first = await replayed(cluster, unknown);
    const second = await replayed(cluster, unknown);
    const estimated = await replayed(cluster, dagOf(workflow, 'estimated', scale, true));
    const mapped = mappedDagOf(workflow, 'mapped', scale);
    return [estimated, first, second, await replayed(cluster, mapped.dag, mapped.inputs)] as const;
  });
  return result;
}

async function rowsOf(workflow: Workflow, cluster: Cluster): Promise<readonly Row[]> {
  const [count, each] = cluster;
  const cpus = count * each;
  const time = Math.min(1, LONGEST_MS / listScheduleMs(workflow, 1, cpus));
  const listMs = listScheduleMs(workflow, time, cpus);
  const boundMs = lowerBoundMs(workflow, time, cpus);
  const [estimated, unknown, learnt, mapped] = await engineMs(workflow, time, cluster);
  const row = (what: string, ms: number, target?: string): Row => ({
    what: `${workflow.name.slice(0, 24)}, ${count} × ${each}: ${what}`,
    figure: `${(ms / 1000).toFixed(1)} s, ${(ms / boundMs).toFixed(3)} of bound`,
    floor: `list schedule ${(listMs / 1000).toFixed(1)} s`,
    ratio: ms / listMs,
    ...(target && { target }),
  });
  return [
    row('estimates', estimated, 'at most 1.03'),
    row('learnt', learnt, 'at most 1.08'),
    row('nothing known', unknown),
    row('with maps', mapped),
  ];
}

/** Recorded workflows in virtual time, through the whole engine. */
export const schedulesBench: Bench = {
  name: 'schedules',
  question: 'How near does the order of functions come to a critical-path list schedule, and to what no schedule can undercut?',
  async run({ paths }) {
    const rows: Row[] = [];
    for (const workflow of workflowsAt(paths)) for (const cluster of CLUSTERS) rows.push(...(await rowsOf(workflow, cluster)));
    return rows;
  },
};
