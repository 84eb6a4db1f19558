import { type Logger, replaceIds, textOf } from '../../base/index.js';
import { type BuiltInFactory, isolations } from '../../executor/index.js';
import { frameText } from '../../peer/index.js';
import type { ClusterEnvironment } from '../cluster-host.js';
import type { ClusterOptions } from '../cluster-options.js';
import { seededRandom } from '../seeded-random.js';
import { startCluster, TestCluster } from '../test-cluster.js';
import { ClusterOracle } from './cluster-oracle.js';
import { withLyingCalls } from './lying-calls.js';
import { RandomFaults } from './random-faults.js';
import { Scheduler, SimulationStuck } from './scheduler.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedJournals } from './simulated-journals.js';
import { insideSimulation, virtualGlobals } from './virtual-globals.js';

const LIMIT_MS = 2 * 3_600_000;

/** How long an unharmed cluster takes to come to rest, until the last loss is noticed and reported, virtual ms. */
const SETTLE_MS = 15_000;

/** How much of the trace a failure contains, lines. */
const TRACE_END = 60;

/** Simulations of one process run one after another: they replace its time. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Runs `scenario` with a cluster in virtual time, where an hour takes a second or two. The seed alone decides what happens when: a failure
 * repeats each time, with the same version of Node and the same code.
 *
 * All nodes are in this process, and every function runs on the loop. `setTimeout`, `Math.random`, `Date.now` and `performance.now` belong
 * to the simulation while it lasts, so nothing else should run in the process. Functions must not read files or sockets, as the simulation
 * cannot control how long that takes.
 *
 * A `dataDir` or a `journal` of a node is kept in memory: it outlives the nodes that use it, and no disk is touched. A node that dies loses
 * what its journal has not written; half of those with a `dataDir`, as when the power fails, also what it has not synced.
 *
 * After each step no node may use more than it has. When the scenario has ended and the cluster is stopped, nothing may be left over.
 * @throws an `Error` whose message names the seed and the Node version and ends with the end of the trace; `cause` is the original error.
 */
export function simulate<T>(options: SimulationOptions, scenario: (cluster: TestCluster) => Promise<T>): Promise<Simulation<T>> {
  const own = before.then(() => simulated(checked(options), scenario));
  before = own.catch(() => {});
  return own;
}

async function simulated<T>(
  { seed, nodes, faults, mode }: Required<SimulationOptions>,
  scenario: (cluster: TestCluster) => Promise<T>,
): Promise<Simulation<T>> {
  const random = stream(seed, 0);
  const scheduler = new Scheduler(random, LIMIT_MS);
  const { clock } = scheduler;
  const trace: string[] = [];

  const note = (text: string): void => void trace.push(`${clock.now().toFixed(1)} ${text}`);
  const restoreGlobals = virtualGlobals(scheduler, stream(seed, 1));
  let ids = 0;
  const restoreIds = replaceIds(() => `id-${++ids}`);
  // Its numbers are not among those of the nodes, which count up from 3.
  const journals = new SimulatedJournals(clock, stream(seed, -1));
  const streams = new Map<string | undefined, () => number>();
  const onLoop = isolations.get('loop')!;
  const inThreadSlots: BuiltInFactory = withLyingCalls((options) => onLoop({ ...options, loopConcurrency: options.threads }));
  const surroundings: ClusterEnvironment = {
    clock,
    randomOf: (name) => {
      if (!streams.has(name)) streams.set(name, stream(seed, 3 + streams.size));
      return streams.get(name)!;
    },
    defer: scheduler.defer,
    observe: (from, to, parts) => note(`${from} > ${to}: ${frameText(parts)}`),
    note,
    execution: {
      isolations: new Map([...isolations.keys()].map((kind) => [kind, kind === 'loop' ? onLoop : inThreadSlots])),
      importModule: (url) => loaded.get(url) ?? scheduler.outside(() => load(url)),
      outside: (work) => scheduler.outside(work),
    },
    logger: (node) => noted(node, note),
    journals,
    openDisk: (_node, mostBytes = Number.POSITIVE_INFINITY) =>
      Promise.resolve(new SimulatedDisk({ clock, random: stream(seed, -2), isHarmed: faults === 'random', mostBytes })),
  };
  const work = async (): Promise<T> => {
    const cluster = await TestCluster[startCluster]({ nodes, transport: 'memory', seed }, surroundings);
    const oracle = new ClusterOracle(cluster);
    scheduler.onStep = () => oracle.look();
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const harm = faults === 'random' ? new RandomFaults(cluster, stream(seed, 2), clock) : undefined;
    const harmed = harm?.run(mode);
    try {
      const result = await scenario(cluster);
      await harm?.stop();
      await sleep(SETTLE_MS);
      oracle.atRest();
      return result;
    } finally {
      await harm?.stop();
      scheduler.onStep = () => {};
      await cluster.stop();
      await harmed;
    }
  };
  const onRejection = (error: unknown): void => scheduler.fail(error);
  process.on('unhandledRejection', onRejection);
  try {
    return await insideSimulation(async () => {
      const done = work();
      await scheduler.until(done);
      const result = await done;
      await scheduler.rest();
      return { result, trace };
    });
  } catch (error) {
    throw failure(error, { seed, mode, trace });
  } finally {
    process.off('unhandledRejection', onRejection);
    restoreIds();
    restoreGlobals();
  }
}

function checked(given: SimulationOptions): Required<SimulationOptions> {
  if (typeof given !== 'object' || given === null) throw new TypeError('options must be an object');
  const { seed, nodes = 3, faults = 'none', mode = 'liveness', ...more } = given;
  for (const option of Object.keys(more)) throw new TypeError(`unknown option "${option}"`);
  if (typeof seed !== 'number') throw new TypeError(`seed must be an integer, not ${String(seed)}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be an integer, not ${seed}`);
  if (faults !== 'none' && faults !== 'random') throw new TypeError(`faults must be 'none' or 'random', not ${String(faults)}`);
  if (mode !== 'safety' && mode !== 'liveness') throw new TypeError(`mode must be 'safety' or 'liveness', not ${String(mode)}`);
  return { seed, nodes, faults, mode };
}

/** Loaded modules are reused: loading them again would take real time, though no virtual time. */
const loaded = new Map<string, Promise<unknown>>();

async function load(url: string): Promise<unknown> {
  const module: unknown = await import(url);
  loaded.set(url, Promise.resolve(module));
  return module;
}

/** Independent numbers for each purpose, so that one more for one purpose does not change the others. */
const stream = (seed: number, purpose: number): (() => number) =>
  seededRandom(Math.imul(seed, 0x85ebca6b) + Math.imul(purpose, 0x9e3779b1));

/** Returns a logger whose lines go into the trace. */
function noted(node: string, note: (text: string) => void): Logger {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      const { member, peer, cause, functionId, err } = fields as Record<string, unknown>;
      const more = [member ?? peer, cause, functionId, err && textOf(err)].filter((one) => one !== undefined);
      note(`${node} ${level}: ${message}${more.length > 0 ? ` (${more.map(String).join(', ')})` : ''}`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function failure(error: unknown, { seed, mode, trace }: { seed: number; mode: string; trace: readonly string[] }): Error {
  const what = error instanceof SimulationStuck ? error.message : textOf(error);
  const told = trace.filter((line) => !line.endsWith(': beat'));
  const end = told.slice(-TRACE_END).map((line) => `  ${line}`);
  const failed = `Simulation failed: seed ${seed}, ${mode}, Node ${process.version}: ${what}`;
  return new Error(`${failed}\nThe end of its trace, beats apart:\n${end.join('\n')}`, { cause: error });
}

/** The options of `simulate`. */
export interface SimulationOptions {
  /** Determines everything that happens. An integer. */
  seed: number;
  /**
   * The nodes, as for `TestCluster`.
   * @default 3
   */
  nodes?: ClusterOptions['nodes'];
  /**
   * `'none'`: only the scenario causes faults.
   * @default 'none'
   */
  faults?: 'none' | 'random';
  /**
   * `'liveness'`: random faults stop at some time and everything is repaired, so the scenario must end. `'safety'`: they go on until it
   * ends. Either fails after two virtual hours.
   * @default 'liveness'
   */
  mode?: 'safety' | 'liveness';
}

/** The result of a scenario, and its trace, one line for each thing that happened. */
export interface Simulation<T> {
  /** What the scenario resolved to. */
  readonly result: T;
  /** One line for each thing that happened, in order. */
  readonly trace: readonly string[];
}
