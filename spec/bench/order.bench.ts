import { compile, type Plan } from '../../lib/dag/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { BrainsOnly, type OrderName } from './brains-only.js';
import type { Bench, Row } from './measure.js';
import { orderShapes } from './order-shapes.js';
import { dagOf, type Workflow, workflowsAt } from './workflows.js';

const SLOTS = [2, 4, 16, 48] as const;

/** What the engine believes of durations before the run, by what it is called. */
const BELIEFS = {
  known: (ms) => ms,
  'within 30 %': (ms, random) => ms * (0.7 + 0.6 * random()),
  unknown: () => 1,
} as const satisfies Record<string, (ms: number, random: () => number) => number>;

type Belief = keyof typeof BELIEFS;

/** What a schedule came to. */
export interface Scheduled {
  readonly makespanMs: number;
  /** The most bytes held at once: each value from the end of its function to the end of the last one that takes it. */
  readonly peakBytes: number;
}

/** Schedules a workflow on one node of so many slots. */
export function scheduled(workflow: Workflow, slots: number, order: OrderName, belief: Belief = 'known'): Scheduled {
  const plan = planOf(workflow);
  const taskOf = new Map(workflow.ids.map((id, task) => [id, task]));
  const tasks = plan.ids.map((id) => taskOf.get(id)!);
  const random = seededRandom(7);
  const believed = tasks.map((task) => BELIEFS[belief](lastsMs(workflow, task), random));
  const brains = new BrainsOnly({
    plan,
    nodes: 1,
    cpusEach: slots,
    strategy: 'first-available',
    lastsMs: (index) => lastsMs(workflow, tasks[index]!),
    estimateMs: (index) => believed[index]!,
    order,
  });
  const makespanMs = brains.run();
  return { makespanMs, peakBytes: peakBytes(plan, brains.endMs, (index) => workflow.valueBytes[tasks[index]!]!) };
}

/** Some recorded tasks took no time at all. */
const lastsMs = ({ runtimeMs }: Workflow, task: number): number => Math.max(1, Math.round(runtimeMs[task]!));

const plans = new WeakMap<Workflow, Plan>();

function planOf(workflow: Workflow): Plan {
  const plan = plans.get(workflow) ?? compile(dagOf(workflow, workflow.name, { time: 1, bytes: 0 }, false));
  plans.set(workflow, plan);
  return plan;
}

function peakBytes({ size, dependents, dependentsStart }: Plan, endMs: Float64Array, bytesOf: (index: number) => number): number {
  const changes: (readonly [atMs: number, bytes: number])[] = [];
  for (let index = 0; index < size; index += 1) {
    const users = dependents.subarray(dependentsStart[index], dependentsStart[index + 1]);
    if (users.length === 0) continue;
    changes.push([endMs[index]!, bytesOf(index)], [users.reduce((latest, user) => Math.max(latest, endMs[user]!), 0), -bytesOf(index)]);
  }
  changes.sort((one, other) => one[0] - other[0] || other[1] - one[1]);
  let held = 0;
  let most = 0;
  for (const [, bytes] of changes) {
    held += bytes;
    most = Math.max(most, held);
  }
  return most;
}

/** The engine's order beside the two that it lies between. */
interface Compared {
  readonly workflow: Workflow;
  readonly slots: number;
  readonly engine: Scheduled;
  readonly list: Scheduled;
  readonly deep: Scheduled;
}

function compared(workflow: Workflow, slots: number, belief: Belief): Compared {
  const [engine, list, deep] = (['engine', 'longest path', 'depth first'] as const).map((order) =>
    scheduled(workflow, slots, order, belief),
  );
  return { workflow, slots, engine: engine!, list: list!, deep: deep! };
}

const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

const mega = (bytes: number): string => `${(bytes / 1e6).toPrecision(3)} MB`;

const rowOf = ({ workflow, slots, engine, list, deep }: Compared, belief: Belief): Row => ({
  what: `${workflow.name.slice(0, 28)}, ${slots} slots, ${belief}`,
  figure: `${mega(engine.peakBytes)}, ${(engine.makespanMs / list.makespanMs).toFixed(3)} of list`,
  floor: `longest path ${mega(list.peakBytes)}, depth first ${mega(deep.peakBytes)} in ${(deep.makespanMs / list.makespanMs).toFixed(3)}`,
  ratio: engine.peakBytes / deep.peakBytes,
});

function meansOf(what: string, all: readonly Compared[], hasTarget: boolean): readonly Row[] {
  const rows: readonly (readonly [string, (of: Compared) => number, string?])[] = [
    ['peak bytes against depth first', ({ engine, deep }) => engine.peakBytes / deep.peakBytes, 'at most 1.2'],
    ['peak bytes against longest path first', ({ engine, list }) => engine.peakBytes / list.peakBytes],
    ['makespan against longest path first', ({ engine, list }) => engine.makespanMs / list.makespanMs, 'at most 1.05'],
  ];
  return rows.map(([name, ratioOf, target]) => {
    const ratios = all.map(ratioOf);
    const figure = `${geometricMean(ratios).toFixed(3)}, at most ${Math.max(...ratios).toFixed(2)}`;
    return { what: `${what}: ${name}`, figure, ratio: geometricMean(ratios), ...(target && hasTarget && { target }) };
  });
}

/** The order of functions: bytes held, and what that costs in time. */
export const orderBench: Bench = {
  name: 'order',
  question: 'How few bytes does the order of functions hold at once, and what does it cost in time?',
  isInShort: true,
  async run({ paths, isShort }) {
    const rows: Row[] = [];
    const workflows = workflowsAt(paths);
    const shapes = orderShapes();
    for (const belief of Object.keys(BELIEFS) as readonly Belief[]) {
      const recorded = workflows.flatMap((workflow) => SLOTS.map((slots) => compared(workflow, slots, belief)));
      const drawn = shapes.flatMap((workflow) => SLOTS.map((slots) => compared(workflow, slots, belief)));
      if (!isShort) rows.push(...[...recorded, ...drawn].map((one) => rowOf(one, belief)));
      if (recorded.length > 0) rows.push(...meansOf(`recorded, ${belief}`, recorded, true));
      rows.push(...meansOf(`shapes, ${belief}`, drawn, false));
    }
    return rows;
  },
};
