import { isDeepStrictEqual } from 'node:util';
import { HandoffError, type NodeOptions, type Run, type RunEvent, TraceReplay, traceRuns } from '../../lib/index.js';
import { type Simulation, simulate, type TestCluster } from '../../lib/testing/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { randomDag } from './random-dag.js';

/** How a simulated run went. */
export interface SimulatedRun {
  /** `gave-up`: with an error that its losses explain; `ended`: it was cancelled, or timed out, as it was to. */
  readonly end: 'right' | 'gave-up' | 'ended';
  readonly functions: number;
  /** Attempts beyond the first of each function. */
  readonly again: number;
}

const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Losses may be more than a run can take, and values more than memory and disk: what it may fail with then. */
const EXPLAINED = new Set(['HANDOFF_NODE_LOST', 'HANDOFF_RESULT_LOST', 'HANDOFF_STORAGE_FAILED']);

/**
 * One random DAG under random faults, driven by `n1`, beside another that a node drives which may die; its results are those of a sequential evaluation,
 * every function has run, once where nothing failed, its trace gives the same state again, and in the end nothing is left anywhere.
 */
export function simulateRun(
  seed: number,
  { faults, mode }: { faults: 'none' | 'random'; mode: 'safety' | 'liveness' },
): Promise<Simulation<SimulatedRun>> {
  const random = seededRandom(seed ^ 0x5f356495);
  const short = seededRandom(seed ^ 0x1b873593);
  const nodes = Array.from({ length: 2 + Math.floor(random() * 3) }, () => ({
    capabilities: { cpu: 2, disk: 2 },
    ...shortOfMemory(short),
  }));
  const traces = new Map<string, string[]>();
  const stopTracing = traceRuns((runId, header) => {
    const lines = [header];
    traces.set(runId, lines);
    return (line) => void lines.push(line);
  });
  const simulation = simulate({ seed, nodes, faults, mode }, async (cluster) => {
    // In neither run, or in one, or in both: they have functions of the same names.
    if (faults === 'random' && random() < 0.4) {
      const failure = { times: 1 + Math.floor(random() * 3), beforeMs: Math.floor(random() * 500) };
      const at = Math.floor(random() * 10);
      const part = [``, `[${at % 3}]`, `/g${at % 3}`, `/more/g${at % 2}`][Math.floor(random() * 4)]!;
      await cluster.faults.failFunction(`f${at}${part}`, failure);
    }
    const isDrained = random() < 0.3;
    if (isDrained) void drainOthers(cluster, random);
    const other = drive(cluster, 'n2', randomDag('other', cluster.names, random), random).catch(() => undefined);
    const harm = faults === 'random' ? (run: Run<unknown>) => harmWhileItGrows(cluster, run, random) : undefined;
    let unfed = 0;
    const checkEnd = (run: Run<unknown>): void => {
      const lines = traces.get(run.id)!;
      checkTrace(run, lines);
      // A node that ends may be asked for a value that it has just handed over: that attempt has not begun to run.
      if (isDrained) unfed = lines.filter((line) => line.includes('"argument-lost"')).length;
    };
    const own = await drive(cluster, 'n1', randomDag('own', cluster.names, random), random, { checkEnd, harm });
    await other;
    if (faults === 'none' && own.again > unfed) throw new Error(`${own.again} attempts were made again although nothing failed`);
    return own;
  });
  return simulation.finally(stopTracing);
}

/** Every other node has room for one to four large values, and a disk for the others, which may be small too. */
export function shortOfMemory(random: () => number): Pick<NodeOptions, 'valueMemoryMiB' | 'spill' | 'spillMiB'> {
  if (random() < 0.5) return {};
  const valueMemoryMiB = random() * 0.25;
  return { valueMemoryMiB, spill: random() < 0.9, ...(random() < 0.2 && { spillMiB: random() * 0.3 }) };
}

/** What happened to a run makes it again what it was, whatever crashed meanwhile. */
function checkTrace({ progress }: Run<unknown>, lines: readonly string[]): void {
  const replay = new TraceReplay();
  for (const line of lines) replay.add(line);
  const report = replay.report();
  if (report.phase === 'ended' && report.faults.length === 0 && isDeepStrictEqual(report.progress, progress)) return;
  throw new Error(`its trace gives another state: ${JSON.stringify({ progress, replayed: report.progress, faults: report.faults })}`);
}

async function drive(
  cluster: TestCluster,
  driver: string,
  { dag, inputs, expected, ran, failing, collect }: ReturnType<typeof randomDag>,
  random: () => number,
  { checkEnd, harm }: Observers = {},
): Promise<SimulatedRun> {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const allocationStrategy = one(['first-available', 'load-balanced', 'near-data'] as const);
  const run = cluster.node(driver).execute(dag, {
    inputs,
    collect,
    allocationStrategy,
    lostNodeWaitMs: 3_600_000,
    maxRetries: 5,
    ...(random() < 0.1 && { timeoutMs: 100 + Math.floor(random() * 5000) }),
  });
  void harm?.(run);
  const starts = counted(run);
  const isEndedEarly = random() < 0.15;
  const early = isEndedEarly ? setTimeout(() => void run.cancel(), Math.floor(random() * 5000)) : undefined;
  const functions = ran.length;
  try {
    const { results, failures } = await run;
    // An optional function that its losses have stopped has another value, and so have its consumers.
    if (hasLosses(failures, failing)) return { end: 'gave-up', functions, again: 0 };
    for (const [id, value] of Object.entries(results)) {
      if (!isDeepStrictEqual(value, expected[id])) throw new Error(`the result of "${id}" is wrong`);
    }
    const wanted = collect === 'all' ? Object.keys(expected) : collect === 'sinks' ? Object.keys(results) : collect;
    if (Object.keys(results).sort().join() !== [...wanted].sort().join()) throw new Error('other results than wanted');
    const counts = await starts;
    for (const id of ran) if (!counts.has(id)) throw new Error(`function "${id}" has never run`);
    if (counts.size !== functions)
      throw new Error(`functions have run that should not: ${[...counts.keys()].filter((id) => !ran.includes(id))}`);
    return { end: 'right', functions, again: [...counts.values()].reduce((sum, count) => sum + count - 1, 0) };
  } catch (error) {
    if (!HandoffError.is(error)) throw error;
    if (error.code === 'HANDOFF_RUN_CANCELLED' || error.code === 'HANDOFF_RUN_TIMEOUT') return { end: 'ended', functions, again: 0 };
    const cause = error.code === 'HANDOFF_FUNCTION_FAILED' ? error.cause : error;
    if (!HandoffError.is(cause) || !EXPLAINED.has(cause.code)) throw error;
    return { end: 'gave-up', functions, again: 0 };
  } finally {
    clearTimeout(early);
    checkEnd?.(run);
  }
}

/** Who looks at a run. */
interface Observers {
  readonly checkEnd?: (run: Run<unknown>) => void;
  readonly harm?: ((run: Run<unknown>) => Promise<void>) | undefined;
}

/** Now and then, a node dies soon after functions were added, and comes back. */
async function harmWhileItGrows(cluster: TestCluster, run: Run<unknown>, random: () => number): Promise<void> {
  let left = 3;
  for await (const event of run) {
    if (event.type !== 'functions-added' || left === 0 || random() < 0.6) continue;
    left -= 1;
    const victim = cluster.names[1 + Math.floor(random() * (cluster.names.length - 1))]!;
    const [beforeMs, forMs] = [random() * 400, 100 + random() * 3000];
    await lapse(beforeMs);
    try {
      await cluster.kill(victim);
      await lapse(forMs);
      await cluster.restart(victim);
    } catch {
      // Dead already, or back already, by other harm.
    }
  }
}

/** Now and then, a node ends as when its machine is to be updated, with time enough for all that runs on it, and comes back. */
async function drainOthers(cluster: TestCluster, random: () => number): Promise<void> {
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    const victim = cluster.names[1 + Math.floor(random() * (cluster.names.length - 1))]!;
    await lapse(random() * 3000);
    try {
      await cluster.node(victim).stop({ graceMs: 600_000 });
      await cluster.restart(victim);
    } catch {
      // Dead already, or back already, by other harm.
    }
  }
}

/** Whether optional functions have failed that need not; throws if one has not failed that must, or for another reason. */
export function hasLosses(failures: Readonly<Record<string, HandoffError>>, failing: readonly string[]): boolean {
  const others = Object.entries(failures).filter(([id]) => !failing.includes(id));
  for (const [id, error] of others) {
    if (!HandoffError.is(error.cause) || !EXPLAINED.has(error.cause.code)) throw new Error(`"${id}" has failed`, { cause: error });
  }
  if (others.length > 0) return true;
  for (const id of failing) if (!Object.hasOwn(failures, id)) throw new Error(`"${id}" has not failed`);
  return false;
}

/** Returns how often each function was started. An attempt whose value had no room on its node, and so was made again, does not count. */
async function counted(run: AsyncIterable<RunEvent>): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  const add = (functionId: string, count: number): void => void starts.set(functionId, (starts.get(functionId) ?? 0) + count);
  for await (const event of run) {
    if (event.type === 'function-started') add(event.functionId, 1);
    if (event.type === 'function-resting' && HandoffError.is(event.error, 'HANDOFF_STORAGE_FAILED')) add(event.functionId, -1);
  }
  return starts;
}
