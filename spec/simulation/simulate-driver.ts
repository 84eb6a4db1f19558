import { isDeepStrictEqual } from 'node:util';
import { HandoffError, type NodeOptions, type Run, type RunEvent } from '../../lib/index.js';
import { type Simulation, simulate, type TestCluster } from '../../lib/testing/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import type { SimulatedJournals } from '../../lib/testing/simulation/simulated-journals.js';
import { journalsOf } from '../../lib/testing/test-cluster.js';
import { recordedSuccesses } from '../support/recorded-successes.js';
import { type RandomDag, randomDag } from './random-dag.js';
import { hasLosses, type SimulatedRun, shortOfMemory } from './simulate-run.js';

/** How a durable run went whose drivers died. */
export interface SimulatedDurableRun extends SimulatedRun {
  /** How often it had a driver that died, stood still, or lost its journal. */
  readonly deaths: number;
  /** Successes that a later driver took from the record. */
  readonly recalled: number;
}

/** The drivers that are harmed before one is let live. */
const MOST_LIVES = 6;

/** The run is another driver's, or its driver or journal is gone: it goes on with the next driver. */
const INTERRUPTED = new Set([
  'HANDOFF_RUN_ABORTED',
  'HANDOFF_RUN_TAKEN_OVER',
  'HANDOFF_STORAGE_FAILED',
  'HANDOFF_DAG_RUNNING',
  'HANDOFF_STOPPED',
]);

/** Losses may be more than a run can take, or a node is not there when it is needed: what it may fail with then. It can be executed again. */
const EXPLAINED = new Set(['HANDOFF_NODE_LOST', 'HANDOFF_RESULT_LOST', 'HANDOFF_NODE_UNKNOWN', 'HANDOFF_ALLOCATION_FAILED']);

const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * One random DAG whose drivers die, between two steps of their journal or at any other time, stand still or lose their journal; and come back, or another
 * node goes on. The journal is a folder of the first node, or shared by all. The results are those of a sequential evaluation, no recorded success runs
 * again, the record says that the run has completed, and in the end nothing is left anywhere.
 */
export function simulateDriver(seed: number, { faults }: { faults: 'none' | 'random' }): Promise<Simulation<SimulatedDurableRun>> {
  const random = seededRandom(seed ^ 0x2c1b3c6d);
  const isShared = random() < 0.5;
  const leaseMs = 1000 + Math.floor(random() * 9000);
  // Less than what is waited for at the end.
  const orphanMs = Math.floor(random() * 8000);
  const short = seededRandom(seed ^ 0x1b873593);
  const count = (isShared ? 2 : 1) + Math.floor(random() * 3);
  const nodes = Array.from({ length: count }, (_, at): NodeOptions => {
    const place = isShared ? { journal: 'postgres://simulation/shared', leaseMs } : at === 0 ? { dataDir: 'folder' } : {};
    // A disk that is too small for the run would fail it in each of its lives.
    const { spillMiB: _none, ...memory } = shortOfMemory(short);
    return { capabilities: { cpu: 2, disk: 2 }, journalWaitMs: 5000, orphanMs, ...place, ...memory };
  });
  return simulate({ seed, nodes, faults }, (cluster) => new Lives(cluster, random, isShared).all());
}

class Lives {
  readonly #cluster: TestCluster;
  readonly #random: () => number;
  readonly #isShared: boolean;
  readonly #journals: SimulatedJournals;
  readonly #dag: RandomDag;
  readonly #durability: 'strict' | 'batched';
  readonly #starts = new Map<string, number>();
  readonly #watches: Promise<void>[] = [];
  /** Old drivers whose calls have not ended, and harm that is not over. */
  readonly #calls: Promise<unknown>[] = [];
  readonly #told = new Set<string>();
  #recalled = 0;
  #deaths = 0;

  constructor(cluster: TestCluster, random: () => number, isShared: boolean) {
    this.#cluster = cluster;
    this.#random = random;
    this.#isShared = isShared;
    this.#journals = cluster[journalsOf] as SimulatedJournals;
    this.#dag = randomDag('durable', cluster.names, random);
    this.#durability = random() < 0.6 ? 'strict' : 'batched';
  }

  async all(): Promise<SimulatedDurableRun> {
    for (let life = 1; ; life += 1) {
      const driver = await this.#driver();
      if (await this.#live(driver, life < MOST_LIVES)) break;
      if (life > 10 * MOST_LIVES) throw new Error(`the run has not ended with ${life} drivers`);
    }
    await Promise.all(this.#calls);
    await Promise.all(this.#watches);
    const again = [...this.#starts.values()].reduce((sum, starts) => sum + starts - 1, 0);
    return { end: 'right', functions: this.#starts.size, again, deaths: this.#deaths, recalled: this.#recalled };
  }

  /** Executes the key on a node that may die meanwhile. Resolves to whether the run has completed; throws what is wrong. */
  async #live(driver: string, isHarmed: boolean): Promise<boolean> {
    const { dag, inputs, expected, failing, collect } = this.#dag;
    const run: Run<unknown> = this.#cluster.node(driver).execute(dag, {
      key: 'key',
      durability: this.#durability,
      inputs,
      collect,
      waitMs: 15_000,
      maxRetries: 5,
      lostNodeWaitMs: 3_600_000,
    });
    this.#watches.push(this.#watch(run));
    const ended = run.then(
      ({ results, failures }) => ({ results: results as Readonly<Record<string, unknown>>, failures }),
      (error: unknown) => ({ error }),
    );
    const left = isHarmed ? this.#harm(driver) : undefined;
    const end = await Promise.race([ended, ...(left ? [left.then(() => undefined)] : [])]);
    this.#journals.planDeath(driver, undefined, () => {});
    if (!end) {
      this.#calls.push(ended.then((late) => this.#checkEnd(late)));
      return false;
    }
    this.#checkEnd(end);
    if ('error' in end) return false;
    if (hasLosses(end.failures, failing)) return true;
    for (const id of Object.keys(end.results)) {
      if (!this.#isRight(end.results, id)) throw new Error(`the result of "${id}" is wrong`);
    }
    if (collect === 'all' && Object.keys(end.results).length !== Object.keys(expected).length) throw new Error('results are missing');
    await this.#checkRecord(driver);
    return true;
  }

  /** Whether a result is as expected, or its bytes are lost: a harmed disk had it. */
  #isRight(results: Readonly<Record<string, unknown>>, id: string): boolean {
    try {
      return isDeepStrictEqual(results[id], this.#dag.expected[id]);
    } catch (error) {
      if (HandoffError.is(error, 'HANDOFF_RESULT_LOST')) return true;
      throw error;
    }
  }

  /** Throws an error that no harm explains. */
  #checkEnd(end: { readonly results: unknown } | { readonly error: unknown }): void {
    if (!('error' in end)) return;
    const { error } = end;
    if (!HandoffError.is(error)) throw error;
    const cause = error.code === 'HANDOFF_FUNCTION_FAILED' ? error.cause : error;
    if (!HandoffError.is(cause) || !(INTERRUPTED.has(cause.code) || EXPLAINED.has(cause.code))) throw error;
  }

  /** The driver may have died since: then another one says it. */
  async #checkRecord(driver: string): Promise<void> {
    const records = await this.#cluster
      .node(driver)
      .runs()
      .catch((error: unknown) => {
        if (HandoffError.is(error) && INTERRUPTED.has(error.code)) return undefined;
        throw error;
      });
    if (!records) return;
    const told = records.map(({ key, state }) => `${key} ${state}`);
    if (told.join() !== 'key completed') throw new Error(`the record says ${told.join() || 'nothing'}`);
  }

  /** Harms the driver, soon. Resolves when it is time for the next one although the call may not have ended; `undefined`: only its end is. */
  #harm(driver: string): Promise<void> | undefined {
    const die = this.#random();
    const whenMs = Math.floor(this.#random() ** 2 * 6000);
    const backMs = this.#random() * 8000;
    // It comes back, whoever drives then: functions may be pinned to it.
    const kill = async (): Promise<void> => {
      await this.#cluster.kill(driver);
      await lapse(backMs);
      if (!this.#cluster.living.includes(driver)) await this.#tolerated(() => this.#cluster.restart(driver));
    };
    if (die < 0.15) return undefined;
    this.#deaths += 1;
    if (die < 0.5) {
      this.#journals.planDeath(driver, 1 + Math.floor(this.#random() * 24), () => void kill());
      return undefined;
    }
    if (die < 0.75) {
      this.#calls.push(lapse(whenMs).then(kill));
      return undefined;
    }
    if (die < 0.88) {
      const faults = this.#journalFaults();
      const harmed = lapse(whenMs).then(() => this.#tolerated(() => this.#cluster.faults.journal(driver, faults)));
      const isTorn = 'tearAt' in faults;
      const forMs = 1000 + this.#random() * 8000;
      const mended = harmed
        .then(() => lapse(forMs))
        .then(() => this.#tolerated(() => (isTorn ? kill() : this.#cluster.faults.journal(driver, {}))));
      this.#calls.push(mended);
      return undefined;
    }
    const stop = (): Promise<void> => this.#tolerated(() => this.#cluster.pause(driver));
    const goOn = (): Promise<void> => this.#tolerated(() => this.#cluster.resume(driver));
    const stopped = lapse(whenMs).then(stop);
    const pauseMs = this.#random() * 20_000;
    const resumed = stopped.then(() => lapse(pauseMs)).then(goOn);
    this.#calls.push(resumed);
    // Another driver need not wait for it: it finds out when it goes on.
    return this.#isShared ? stopped : undefined;
  }

  #journalFaults() {
    const die = this.#random();
    if (die < 0.3) return { failWrites: 'unreachable' } as const;
    if (die < 0.5) return { failWrites: 'full' } as const;
    if (die < 0.7) return { loseAnswers: true };
    if (die < 0.85) return { delayMs: Math.floor(this.#random() * 2000) };
    return { tearAt: Math.floor(this.#random() * 4) };
  }

  /** The node that executes next: the one with the folder, or any; it is started again if it is dead. */
  async #driver(): Promise<string> {
    const { names } = this.#cluster;
    const name = this.#isShared ? names[Math.floor(this.#random() * names.length)]! : names[0]!;
    await lapse(this.#random() * 2000);
    for (;;) {
      if (this.#cluster.living.includes(name)) return name;
      await this.#tolerated(() => this.#cluster.restart(name));
      if (!this.#cluster.living.includes(name)) await lapse(1000);
    }
  }

  /** Throws if a function starts whose success is recorded, with its value. */
  async #watch(run: Run<unknown> & AsyncIterable<RunEvent>): Promise<void> {
    for await (const event of run) {
      // A call that is attached to a run is told from the first event on.
      const told = JSON.stringify(event, ['type', 'atMs', 'functionId', 'attempt']);
      if (this.#told.has(told)) continue;
      this.#told.add(told);
      if (event.type === 'function-succeeded' && event.source === 'journal') this.#recalled += 1;
      if (event.type !== 'function-started') continue;
      const { functionId, runId } = event;
      this.#starts.set(functionId, (this.#starts.get(functionId) ?? 0) + 1);
      const groups = this.#journals.acknowledged.filter((group) => group.runId === runId);
      if (recordedSuccesses(groups).has(functionId)) throw new Error(`"${functionId}" ran again although it is recorded`);
    }
  }

  /** Ignores what is impossible for a node's present state. */
  async #tolerated(action: () => Promise<void>): Promise<void> {
    await action().catch(() => {});
  }
}
