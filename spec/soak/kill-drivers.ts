import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../lib/base/index.js';
import type { NodeOptions } from '../../lib/index.js';
import { DataDir, type Journal, journals, type RecordedRun } from '../../lib/journal/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { recordedSuccesses } from '../support/recorded-successes.js';
import { driverDag } from './driver-dag.js';
import type { NodeReport } from './driver-node.js';
import type { StartLine } from './driver-tasks.js';
import { NodeProcess } from './node-process.js';

/** The latest moment at which a driver is killed, ms from when its run has begun: the middle of most. */
const LATEST_KILL_MS = 700;
/** So long everything has to come to rest at the end, ms. */
const REST_MS = 30_000;
const LEASE_MS = 1000;
const ORPHAN_MS = 3000;
/** Where only the node that was killed can go on: longer than it takes to start on a loaded machine. */
const ORPHAN_OF_ONE_MS = 60_000;

/** What the drivers of one case are killed over. With a folder the first node drives, and the others are its guests. */
export interface KillingCase {
  readonly journal: 'sqlite' | 'postgres';
  readonly nodes: number;
}

/** What came of a case. */
export interface KillingResult extends KillingCase {
  kills: number;
  runs: number;
  functions: number;
  /** Successes that were taken from the record. */
  recalled: number;
  /** Starts beyond the first of each function, all of them of what was not recorded at the kill. */
  again: number;
  /** Functions that had begun and were not recorded at a kill, and did not start again: another node had them. */
  adopted: number;
  readonly wrong: string[];
}

/** Where a case keeps everything. */
export interface KillingPlace {
  readonly folder: string;
  readonly server: PostgresServer | undefined;
  readonly seed: number;
  readonly rounds: number;
  readonly progress: (text: string) => void;
}

/** Kills the driver of durable runs again and again, with another node or the same one going on with the run, until each has completed. */
export class KillDrivers {
  readonly #case: KillingCase;
  readonly #place: KillingPlace;
  readonly #random: () => number;
  readonly #nodes = new Map<string, NodeProcess>();
  /** Nodes that start while a run goes on. */
  readonly #starting: Promise<unknown>[] = [];
  readonly #schema: string;
  readonly #file: string;
  readonly #result: KillingResult;
  /** What was recorded of the present run at the kills, and how many lines the file had at each. */
  #recordedAt: { readonly lines: number; readonly ids: ReadonlySet<string> }[] = [];
  #readLines = 0;

  constructor(one: KillingCase, place: KillingPlace) {
    this.#case = one;
    this.#place = place;
    this.#random = seededRandom(place.seed);
    this.#schema = `soak_${one.nodes}`;
    this.#file = join(place.folder, 'starts.jsonl');
    this.#result = { ...one, kills: 0, runs: 0, functions: 0, recalled: 0, again: 0, adopted: 0, wrong: [] };
  }

  async run(): Promise<KillingResult> {
    const { nodes } = this.#case;
    try {
      for (let at = 1; at <= nodes; at += 1) await this.#start(`d${at}`);
      const { rounds, progress } = this.#place;
      while (this.#result.kills < rounds) {
        await this.#runOnce();
        const { kills, runs, wrong } = this.#result;
        progress(`${kills} of ${rounds} kills, ${runs} runs${wrong.length > 0 ? `, ${wrong.length} WRONG` : ''}`);
      }
      await Promise.all(this.#starting);
      await this.#rest();
      for (const node of this.#nodes.values()) await node.stop();
      await this.#checkLeft();
    } catch (error) {
      this.#result.wrong.push(String((error as Error)?.message ?? error));
    } finally {
      await Promise.all(this.#starting);
      await Promise.all([...this.#nodes.values()].map((node) => node.kill()));
    }
    return this.#result;
  }

  async #start(name: string): Promise<NodeProcess> {
    const { journal } = this.#case;
    const join_ = [...this.#nodes.values()].filter(({ isAlive, name: other }) => isAlive && other !== name).map(({ url }) => url);
    const options: NodeOptions = {
      name,
      listen: '127.0.0.1:0',
      join: join_,
      joinTimeoutMs: 60_000,
      capabilities: { cpu: 4 },
      threads: 1,
      leaseMs: LEASE_MS,
      orphanMs: this.#drives('d2') ? ORPHAN_MS : ORPHAN_OF_ONE_MS,
      heartbeat: { intervalMs: 200, timeoutMs: 3000 },
      ...(journal === 'postgres' && { journal: this.#place.server!.url(this.#schema) }),
      ...(journal === 'sqlite' && this.#drives(name) && { dataDir: join(this.#place.folder, name) }),
    };
    const node = await NodeProcess.start(options);
    this.#nodes.set(name, node);
    return node;
  }

  /** Whether a node has the journal. */
  #drives(name: string): boolean {
    return this.#case.journal === 'postgres' || name === 'd1';
  }

  /** One run, whose drivers are killed until it has completed, or as often as is left. */
  async #runOnce(): Promise<void> {
    const result = this.#result;
    const seed = this.#place.seed + result.runs;
    const key = `run ${seed}`;
    const durability = result.runs % 2 === 0 ? 'strict' : 'batched';
    const { expected } = driverDag(seed, this.#file);
    this.#recordedAt = [];
    this.#readLines = this.#lines().length;
    result.runs += 1;
    result.functions += Object.keys(expected).length;
    for (;;) {
      const driver = this.#one([...this.#nodes.values()].filter(({ isAlive, name }) => isAlive && this.#drives(name)));
      driver.tell({ type: 'execute', key, seed, file: this.#file, durability });
      const running = await driver.next('running', 'failed', 'completed');
      const isKilled = running.type === 'running' && result.kills < this.#place.rounds;
      // One node at most is down: who starts joins another.
      const waitMs = this.#random() * LATEST_KILL_MS;
      const killed = isKilled ? Promise.all(this.#starting).then(() => sleep(waitMs)) : new Promise<never>(() => {});
      const end = running.type === 'running' ? await Promise.race([driver.next('completed', 'failed'), killed]) : running;
      if (end?.type === 'completed') return this.#checkRun(end, expected);
      if (end?.type === 'failed') {
        result.wrong.push(`${key} failed: ${end.code} ${end.message}`);
        return;
      }
      await driver.kill();
      result.kills += 1;
      this.#recordedAt.push({ lines: this.#lines().length, ids: await this.#recorded(key) });
      const started = this.#start(driver.name);
      // With other drivers the run goes on while it starts.
      if (this.#case.nodes === 1 || this.#case.journal === 'sqlite' || this.#random() < 0.5) await started;
      else this.#starting.push(started.catch((error: unknown) => result.wrong.push(String(error))));
    }
  }

  #checkRun({ key, results, recalled }: Extract<NodeReport, { type: 'completed' }>, expected: Readonly<Record<string, number>>): void {
    const result = this.#result;
    result.recalled += recalled;
    for (const [id, value] of Object.entries(expected)) {
      if (results[id] !== value) result.wrong.push(`${key}: the result of ${id} is ${String(results[id])}, not ${value}`);
    }
    const lines = this.#lines();
    const seen = new Map<string, string>();
    const atLast = new Map<string, number>();
    for (let at = this.#readLines; at < lines.length; at += 1) {
      const { functionId, idempotencyKey } = JSON.parse(lines[at]!) as StartLine;
      const before = seen.get(functionId);
      if (before !== undefined) result.again += 1;
      if (before !== undefined && before !== idempotencyKey) result.wrong.push(`${key}: ${functionId} has two idempotency keys`);
      seen.set(functionId, idempotencyKey);
      atLast.set(functionId, at);
      const kill = this.#recordedAt.findIndex((one) => one.lines <= at && one.ids.has(functionId));
      if (kill >= 0) result.wrong.push(`${key}: ${functionId} ran again although it was recorded at kill ${kill + 1} of its run`);
    }
    for (const [functionId, at] of atLast) {
      const wasOpen = this.#recordedAt.some(({ lines: upTo, ids }) => at < upTo && !ids.has(functionId));
      if (wasOpen) result.adopted += 1;
    }
  }

  #lines(): readonly string[] {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** The functions whose success is in the journal now. */
  #recorded(key: string): Promise<ReadonlySet<string>> {
    return this.#reading(async (journal) => {
      const [run] = await journal.findRuns({ key });
      const groups = [];
      if (run) for await (const group of journal.readGroups(run)) groups.push(group);
      return recordedSuccesses(groups);
    });
  }

  async #reading<T>(read: (journal: Journal) => Promise<T>): Promise<T> {
    const given = { node: 'soak', clock: systemClock, isReadOnly: true };
    if (this.#case.journal === 'postgres') {
      const journal = await journals.postgres(this.#place.server!.url(this.#schema), { ...given, leaseMs: LEASE_MS });
      return read(journal).finally(() => journal.close());
    }
    const folder = await DataDir.open(join(this.#place.folder, 'd1'), { isReadOnly: true });
    const journal = await journals.sqlite(folder, given);
    return read(journal).finally(async () => {
      await journal.close();
      folder.close();
    });
  }

  /** Waits until no node holds anything. */
  async #rest(): Promise<void> {
    const untilMs = performance.now() + REST_MS;
    for (;;) {
      const left: string[] = [];
      for (const node of this.#nodes.values()) {
        node.tell({ type: 'inspect' });
        const held = await node.next('held');
        if (held.type === 'held') left.push(...held.left.map((what) => `${node.name}: ${what}`));
      }
      if (left.length === 0) return;
      if (performance.now() > untilMs) return void this.#result.wrong.push(`left over: ${left.join(', ')}`);
      await sleep(250);
    }
  }

  /** After the end of all nodes: runs that have not completed, sessions, connections, locks, files. */
  async #checkLeft(): Promise<void> {
    const { wrong, runs } = this.#result;
    const recorded = await this.#reading((journal): Promise<RecordedRun[]> => journal.findRuns());
    const open = recorded.filter(({ state }) => state !== 'completed');
    if (recorded.length !== runs) wrong.push(`${recorded.length} runs are recorded, not ${runs}`);
    for (const { key, state } of open) wrong.push(`${key} is ${state}`);
    if (this.#case.journal === 'postgres') {
      const { server } = this.#place;
      const count = async (text: string): Promise<number> => Number((await server!.query(`SELECT count(*) AS n FROM ${text}`))[0]!.n);
      // The sessions of killed nodes have run out, and are deleted by the next node that renews its own.
      const held = `"${this.#schema}".sessions WHERE ends_at_ms > extract(epoch FROM clock_timestamp()) * 1000`;
      const left = {
        sessions: await count(held),
        connections: await count(`pg_stat_activity WHERE application_name <> '' AND pid <> pg_backend_pid()`),
        locks: await count(`pg_locks WHERE locktype = 'advisory'`),
      };
      for (const [what, n] of Object.entries(left)) if (n > 0) wrong.push(`${n} ${what} are left in the database`);
      return;
    }
    const path = join(this.#place.folder, 'd1');
    const folder = await DataDir.open(path);
    folder.close();
    const strange = readdirSync(path).filter((file) => !/^(id|values|(journal|lock)\.db(-wal|-shm)?)$/.test(file));
    if (strange.length > 0) wrong.push(`files are left: ${strange.join(', ')}`);
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)]!;
  }
}
