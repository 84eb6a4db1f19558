import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Handoff, inspectNode } from '../../lib/handoff/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { runTool, UsageError } from '../support/tool.js';
import { Assault } from './assault.js';
import { type DrivenRun, drive, type RunUnderWay } from './driven-run.js';
import { soakDrivers } from './driver-soak.js';
import { childProcesses, leftovers } from './leftovers.js';
import { type Recording, readRecordings } from './recording.js';
import { openValueMode, type ValueMode } from './value-mode.js';
import { workloadOf } from './workload.js';

const NODES = 5;
const CPU = 4;
/** Runs at once. */
const LANES = 2;
/** What an undisturbed run should take at best, seconds. */
const RUN_SECONDS = [4, 9] as const;
/** A run that has not ended so long after the faults stopped hangs, ms. */
const HUNG_MS = 120_000;
const RETAIN_MS = 20_000;
const SAMPLE_MS = 5000;
/** So many of the runs are maps over a large array, with values that do not fit into memory. */
const MAPS = 0.3;
/** Samples between two lines about memory. */
const TELL_EACH = 12;
/** Sums of fractions on the wire are floats. */
const SLACK = 1e-9;

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, one) => all + one, 0);
const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `${what} ${count}`)
    .join(', ') || 'none';
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What a soak comes to. */
class Report {
  readonly ends = { right: 0, wrong: 0, 'gave-up': 0, failed: 0 };
  readonly failedAttempts = new Map<string, number>();
  functions = 0;
  again = 0;
  lost = 0;
  hung = 0;
  longestMs = 0;
  /** Nodes that were seen with more in use than they have. */
  readonly overbooked: string[] = [];

  add(lane: number, recording: string, { end, why, functions, tookMs, tally }: DrivenRun): void {
    this.ends[end] += 1;
    this.functions += functions;
    this.again += tally.again;
    this.lost += tally.lost;
    this.longestMs = Math.max(this.longestMs, tookMs);
    for (const [error, count] of tally.failed) this.failedAttempts.set(error, (this.failedAttempts.get(error) ?? 0) + count);
    const failed = tally.failed.size > 0 ? `, failed attempts: ${listed(tally.failed)}` : '';
    const counts = `${functions} functions, ${tally.again} again, ${tally.lost} lost${failed}`;
    console.log(`${lane} ${end.padEnd(7)} ${seconds(tookMs).padStart(7)}  ${recording}: ${counts}${why ? `\n    ${why}` : ''}`);
  }
}

/** The memory of this process and of its nodes: first, most and last, MiB. */
class MemorySamples {
  readonly #samples = new Map<string, number[]>();

  take(): void {
    const all = [{ what: 'driver', rssMiB: process.memoryUsage().rss / 2 ** 20 }, ...childProcesses()];
    for (const { what, rssMiB } of all) this.#samples.set(what, [...(this.#samples.get(what) ?? []), rssMiB]);
  }

  /** Of the last sample. */
  get last(): string {
    return this.#shown((mib) => `${Math.round(mib.at(-1)!)}`);
  }

  toString(): string {
    return this.#shown((mib) => [mib[0]!, Math.max(...mib), mib.at(-1)!].map(Math.round).join('/'));
  }

  #shown(show: (mib: readonly number[]) => string): string {
    const nodes = [...this.#samples].filter(([what]) => what === 'driver' || /^n\d+$/.test(what)).sort(([a], [b]) => a.localeCompare(b));
    return nodes.map(([what, mib]) => `${what} ${show(mib)}`).join(', ');
  }
}

/**
 * `npm run soak -- [--minutes 10] [--seed n] [--workflows folder] [--values]`: five nodes in processes of their own run recorded workflows while they are harmed
 * at random. Ends with 1 when a result was wrong, a run hung or failed without reason, a node died by itself or was overbooked, or anything was
 * left over.
 */
async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ minutes: text, seed: text, workflows: text, rounds: text, journal: text, nodes: text },
      ...{ driver: { type: 'boolean' }, values: { type: 'boolean' } },
    },
  });
  const minutes = Number(values.minutes ?? 10);
  if (!(minutes > 0)) throw new UsageError(`--minutes must be a number above 0, and is "${values.minutes}"`);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new UsageError(`--seed must be an integer, and is "${values.seed}"`);
  if (values.driver) {
    const whole = (name: 'rounds' | 'nodes', or?: number): number | undefined => {
      const value = values[name] === undefined ? or : Number(values[name]);
      if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
        throw new UsageError(`--${name} must be a whole number above 0`);
      return value;
    };
    return soakDrivers({ rounds: whole('rounds', 200)!, seed, journal: values.journal, nodes: whole('nodes') });
  }
  const folder = values.workflows ?? fileURLToPath(new URL('../../../shared/workflows', import.meta.url));
  const recordings = existsSync(folder) ? readRecordings(folder) : [];
  if (recordings.length === 0) {
    console.log(`soak skipped: no recorded workflows in ${folder}. Name their folder with --workflows`);
    return 0;
  }
  console.log(`soak of ${minutes} minutes, seed ${seed}, Node ${process.version}, ${recordings.length} recorded workflows in ${folder}`);
  const mode = values.values ? await openValueMode() : undefined;
  const nodes = mode?.nodes ?? Array.from({ length: NODES }, () => ({ capabilities: { cpu: CPU }, threadHeapMiB: 256 }));
  const cluster = await TestCluster.start({ nodes, transport: 'processes', seed });
  const interrupted = (): void => void cluster.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await soak(cluster, { recordings, minutes, seed, mode });
  } finally {
    await cluster.stop();
    const files = mode?.left() ?? [];
    if (files.length > 0) {
      process.exitCode = 1;
      console.log(`files of values left: ${files.join(', ')}`);
    }
    await mode?.close();
    const left = childProcesses();
    if (left.length > 0) {
      process.exitCode = 1;
      console.log(`processes left: ${left.map(({ pid, what }) => `${pid} ${what}`).join(', ')}`);
    }
  }
}

async function soak(cluster: TestCluster, { recordings, minutes, seed, mode }: SoakOptions): Promise<number> {
  const driver = cluster.node(cluster.names[0]!);
  const report = new Report();
  const memory = new MemorySamples();
  const dagIds = new Set<string>();
  const untilMs = performance.now() + minutes * 60_000;
  memory.take();
  let samples = 0;
  const sampling = setInterval(() => {
    memory.take();
    samples += 1;
    if (samples % TELL_EACH === 0) console.log(`memory: ${memory.last} MiB`);
    void lookForOverbooked(driver, report);
  }, SAMPLE_MS);
  const assault = new Assault(cluster, seededRandom(seed), mode?.harms);
  const assaulted = assault.run();
  let tellMended!: () => void;
  const mended = new Promise<void>((resolve) => {
    tellMended = resolve;
  });

  const runLane = async (lane: number): Promise<void> => {
    const random = seededRandom(seed + 1 + lane);
    const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    for (let number = 1; performance.now() < untilMs; number += 1) {
      const recording = one(recordings);
      const dagId = `${lane} ${recording.name}`;
      dagIds.add(dagId);
      const [least, most] = RUN_SECONDS;
      const wanted = least + random() * (most - least);
      const slots = mode ? mode.slots : NODES * CPU;
      const made = { dagId, seconds: wanted, slots, input: `${lane} ${number}`, random, ...(mode && { sizes: mode.sizes }) };
      const workload = mode && random() < MAPS ? mode.map(dagId, number, random) : workloadOf(recording, made);
      const options = {
        collect: one(['all', 'sinks'] as const),
        allocationStrategy: one(['first-available', 'load-balanced', 'near-data'] as const),
        maxRetries: 5,
        lostNodeWaitMs: 60_000,
        retainMs: RETAIN_MS,
      };
      const under = drive(driver, workload, { ...options, ...(workload.collect && { collect: workload.collect }) }, mode?.explained);
      const ended = await Promise.race([under.ended, mended.then(() => sleep(HUNG_MS, undefined, { ref: false }))]);
      if (!ended) {
        report.hung += 1;
        console.log(`${lane} HUNG            ${recording.name}: ${await pictureOf(under)}`);
        return;
      }
      report.add(lane, recording.name, ended);
      if (random() < 0.3) await driver.clear(dagId);
    }
  };

  const lanes = Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
  lanes.catch(() => {});
  const pictureOf = async ({ run }: RunUnderWay): Promise<string> => {
    const { waiting, nodes } = await driver.status();
    return JSON.stringify({ progress: run.progress, waiting, nodes, driver: driver[inspectNode]() }, undefined, 1);
  };
  try {
    await Promise.race([sleep(Math.max(0, untilMs - performance.now())), lanes]);
    await assault.stop();
    await assaulted;
    console.log('no more faults, everything is mended');
    tellMended();
    await lanes;
  } finally {
    clearInterval(sampling);
  }
  for (const dagId of report.hung === 0 ? dagIds : []) await driver.clear(dagId);
  const left = await leftovers(driver, cluster.names);
  memory.take();

  const { ends } = report;
  const runs = ends.right + ends.wrong + ends['gave-up'] + ends.failed + report.hung;
  console.log(`
${runs} runs, ${ends.right} right, ${ends['gave-up']} gave up after losses; ${report.functions} functions; the longest run ${seconds(report.longestMs)}
faults         ${sum(assault.counts)}: ${listed(assault.counts)}
not possible   ${listed(assault.refused)}
recomputed     ${report.again} attempts beyond the first, ${report.lost} attempts and values lost with nodes
failed         ${listed(report.failedAttempts)} (attempts)
memory         ${memory} (MiB resident: first/most/last)
wrong          ${ends.wrong}
hung           ${report.hung}
unexplained    ${ends.failed} runs failed without a loss that explains it
surprises      ${assault.surprises.length} nodes died by themselves${assault.surprises.map((one) => `\n  ${one}`).join('')}
overbooked     ${report.overbooked.length}${report.overbooked.map((one) => `\n  ${one}`).join('')}
leaked         ${left.length}${left.map((one) => `\n  ${one}`).join('')}`);
  return ends.wrong + report.hung + ends.failed + assault.surprises.length + report.overbooked.length + left.length > 0 ? 1 : 0;
}

/** What a soak is given. */
interface SoakOptions {
  readonly recordings: readonly Recording[];
  readonly minutes: number;
  readonly seed: number;
  /** Values that do not fit into memory. */
  readonly mode: ValueMode | undefined;
}

async function lookForOverbooked(driver: Handoff, report: Report): Promise<void> {
  for (const { name, used, capabilities } of await driver.nodes()) {
    for (const [resource, amount] of Object.entries(used)) {
      // Empty while nothing has been heard of it.
      const capability = capabilities[resource] ?? 0;
      if (amount > capability + SLACK) report.overbooked.push(`${name} used ${amount} of ${capability} ${resource}`);
    }
  }
}

await runTool(
  `npm run soak -- [--minutes 10] [--seed n] [--workflows folder]   recorded workflows on five real processes that are killed, paused, cut and restarted
npm run soak -- --values [--minutes 10] [--seed n]   the same with values that do not fit into memory, and a disk that is full from time to time
npm run soak -- --driver [--rounds 200] [--journal sqlite|postgres] [--nodes 1|3] [--seed n]   drivers of durable runs are killed, and the runs go on`,
  main,
);
