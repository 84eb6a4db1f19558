import { inspectNode, type NodeInspection } from '../../../lib/handoff/index.js';
import { type AllocationStrategy, functionsIn, type NodeOptions, type RunEvent } from '../../../lib/index.js';
import type { TestCluster } from '../../../lib/testing/index.js';

/** The functions of `stage.ts`. */
export const tasks = functionsIn<typeof import('./stage.js')>(new URL('./stage.ts', import.meta.url));

export const loop = { isolation: 'loop' } as const;

/** So many nodes with what functions need; the first, which drives, has none of it. */
export const driverAndWorkers = (workers: number): NodeOptions[] => [
  { capabilities: {} },
  ...Array.from({ length: workers }, () => ({ capabilities: { cpu: 4 } })),
];

/** Each function on the node that is named for it while that has room, else on the first that has. */
export const preferring = (preferred: Readonly<Record<string, string>>): AllocationStrategy => ({
  name: 'preferring',
  place: ({ functionId, nodes }) => nodes.find(({ name }) => name === preferred[functionId])?.name ?? nodes[0]?.name,
});

type FunctionEvent = Extract<RunEvent, { functionId: string }>;

/** The first event of a type, of a function. */
export async function event<T extends FunctionEvent['type']>(
  run: AsyncIterable<RunEvent>,
  type: T,
  functionId: string,
): Promise<Extract<FunctionEvent, { type: T }>> {
  for await (const one of run) {
    if (one.type === type && (one as FunctionEvent).functionId === functionId) return one as Extract<FunctionEvent, { type: T }>;
  }
  throw new Error(`the run ended without ${type} of "${functionId}"`);
}

/** All events of a run, once it has ended. */
export async function eventsOf(run: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const one of run) events.push(one);
  return events;
}

/** How often something happened to each function. */
export function counted(events: readonly RunEvent[], type: FunctionEvent['type']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of events) {
    if (one.type === type) counts[(one as FunctionEvent).functionId] = (counts[(one as FunctionEvent).functionId] ?? 0) + 1;
  }
  return counts;
}

/** So much time passes; in a simulation only. */
export const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ten minutes: longer than anything that these stories wait for. */
const MOST_LAPSES = 120_000;

/** Resolves as soon as something is so, looking again and again; in a simulation only. Answers how long that took, ms. */
export async function untilSo(isSo: () => boolean): Promise<number> {
  const startMs = performance.now();
  for (let lapses = 0; !isSo(); lapses += 1) {
    // Time that is simulated passes without an end, and without a time-out of mocha's.
    if (lapses === MOST_LAPSES) throw new Error(`it is not so after ${MOST_LAPSES} lapses of 5 ms: ${isSo}`);
    await lapse(5);
  }
  return performance.now() - startMs;
}

export const inside = (cluster: TestCluster, name: string): NodeInspection => cluster.node(name)[inspectNode]();

/** What a node has under way or holds: nothing, when the counts are. */
export function leftOn(cluster: TestCluster, name: string): Record<string, unknown> {
  const { isFree, slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers, heldBytes } = inside(cluster, name);
  const counts = { slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers, heldBytes, claims: Number(!isFree) };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** When a node logged that of another, virtual ms; from the trace of a simulation. */
export function toldAtMs(trace: readonly string[], node: string, what: string, of?: string): number[] {
  const pattern = new RegExp(`^(\\d+\\.\\d) ${node} \\w+: ${what}${of === undefined ? '' : ` \\(${of}[,)]`}`);
  return trace.flatMap((line) => {
    const found = pattern.exec(line);
    return found ? [Number(found[1])] : [];
  });
}

/** Resolves when a node knows exactly these as members, in order of their names, and has a link with each; in a simulation only. */
export async function untilMembers(cluster: TestCluster, on: string, ...names: readonly string[]): Promise<void> {
  const others = names
    .filter((name) => name !== on)
    .sort()
    .join();
  const areMembers = async (): Promise<boolean> => {
    const members = (await cluster.node(on).nodes()).map(({ name }) => name);
    return members.slice(1).join() === others && inside(cluster, on).links.join() === others;
  };
  while (!(await areMembers())) await lapse(5);
}
