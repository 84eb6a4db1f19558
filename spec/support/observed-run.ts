import {
  ATTEMPT_OUTCOMES,
  type AttemptHistory,
  type AttemptOutcome,
  type AttemptRow,
  type AttemptTotals,
  groupNameOf,
  type ObservedError,
  type ObservedLine,
  type ObservedRun,
  type ObservedRunState,
  type ObservedWait,
  type Phases,
  type SeeAttempt,
} from '../../lib/runner/index.js';

type FunctionState = ReturnType<ObservedRun['stateOf']>;

/** A function of a fake run. What is missing is as in a function that waits and has had no attempt. */
export interface FakeFunction {
  readonly id: string;
  /** By id; they must be there already. */
  readonly producers?: readonly string[];
  state?: FunctionState;
  attempt?: number;
  node?: string;
  startedMs?: number;
  isolation?: string;
  code?: string;
  sizeBytes?: number;
  source?: 'journal' | 'cache';
  error?: ObservedError;
  skippedFor?: 'not-taken' | 'producer-failed';
  wait?: ObservedWait;
  lines?: readonly ObservedLine[];
  /** By id, the map or expansion that added it. */
  partOf?: string;
}

/** An attempt of a fake run that is over. What is missing is 0; `endMs` is by default the end of the last one. */
export interface FakeAttempt extends Partial<Phases> {
  readonly id: string;
  readonly attempt?: number;
  readonly node?: string;
  readonly slot?: number;
  readonly outcome?: AttemptOutcome;
  readonly endMs?: number;
}

const NO_PHASES: Phases = { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 };

/** Attempts as objects, of which the last `kept` are kept. */
class FakeHistory implements AttemptHistory {
  readonly rows: (AttemptRow | undefined)[] = [];
  readonly nodes: string[] = [];
  readonly #totals = new Map<
    string,
    { attempts: number; outcomes: Record<AttemptOutcome, number>; phases: Record<keyof Phases, number> }
  >();
  readonly #groupOf: (index: number) => string;
  readonly #kept: number;
  first = 0;

  constructor(kept: number, groupOf: (index: number) => string) {
    this.#kept = kept;
    this.#groupOf = groupOf;
  }

  get count(): number {
    return this.rows.length;
  }

  add(row: AttemptRow): void {
    if (!this.nodes.includes(row.node)) this.nodes.push(row.node);
    this.rows.push(row);
    if (this.rows.length - this.first > this.#kept) this.#drop();
  }

  #drop(): void {
    const { index, outcome, phases } = this.row(this.first);
    const group = this.#groupOf(index);
    const outcomes = { succeeded: 0, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 };
    const totals = this.#totals.get(group) ?? { attempts: 0, outcomes, phases: { ...NO_PHASES } };
    this.#totals.set(group, totals);
    totals.attempts += 1;
    totals.outcomes[outcome] += 1;
    for (const [phase, ms] of Object.entries(phases)) totals.phases[phase as keyof Phases] += ms;
    this.rows[this.first] = undefined;
    this.first += 1;
  }

  row(number: number): AttemptRow {
    const row = this.rows[number];
    if (!row) throw new RangeError(`attempt ${number} is not kept`);
    return row;
  }

  each(from: number, to: number, see: SeeAttempt): void {
    for (let number = from; number < to; number += 1) {
      const { index, attempt, node, slot, outcome, endMs, phases } = this.row(number);
      const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
      see(
        number,
        index,
        attempt,
        this.nodes.indexOf(node),
        slot,
        ATTEMPT_OUTCOMES.indexOf(outcome),
        endMs,
        waitMs,
        fetchMs,
        loadMs,
        runMs,
        packMs,
        handOverMs,
      );
    }
  }

  totals(): readonly AttemptTotals[] {
    return [...this.#totals].map(([group, totals]) => ({ group, ...totals }));
  }
}

/** All functions have the same fields in the same order, as large runs are also measured. */
const NEW_FUNCTION = {
  id: '',
  producers: undefined,
  state: 'waiting',
  attempt: 0,
  node: undefined,
  startedMs: undefined,
  isolation: 'thread',
  code: './tasks.js#work',
  sizeBytes: undefined,
  source: undefined,
  error: undefined,
  skippedFor: undefined,
  wait: undefined,
  lines: [],
  partOf: undefined,
} as const;

type MadeFunction = FakeFunction & Required<Pick<FakeFunction, 'state' | 'attempt' | 'isolation' | 'code' | 'lines'>>;

/** A run that a spec makes as it wants it, and may change and let grow at any time. */
export class FakeRun implements ObservedRun {
  readonly runId = 'run-1';
  readonly dagId = 'dag-1';
  key: string | undefined;
  driver = 'node-1';
  state: ObservedRunState = 'running';
  readonly startedAtMs = Date.UTC(2026, 0, 1);
  elapsedMs = 0;
  version = 0;
  error: ObservedError | undefined;
  readonly attempts: FakeHistory;
  #progress: { readonly version: number; readonly progress: ObservedRun['progress'] } | undefined;
  readonly #functions: MadeFunction[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #producers: number[][] = [];
  readonly #consumers: number[][] = [];

  /** `kept`: how many attempts are kept. */
  constructor(kept = 100_000) {
    this.attempts = new FakeHistory(kept, (index) => groupNameOf(this.idOf(index)));
  }

  get progress(): ObservedRun['progress'] {
    if (this.#progress?.version === this.version) return this.#progress.progress;
    const counts = { total: 0, waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
    for (let index = 0; index < this.size; index += 1) {
      const state = this.stateOf(index);
      counts.total += 1;
      counts[state === 'placed' || state === 'looking-up' ? 'ready' : state === 'open' || state === 'recording' ? 'running' : state] += 1;
    }
    this.#progress = { version: this.version, progress: counts };
    return counts;
  }

  get notRun(): ObservedRun['notRun'] {
    const count = (source: string): number => this.#functions.filter((one) => one.source === source).length;
    return { journal: count('journal'), cache: count('cache') };
  }

  get size(): number {
    return this.#functions.length;
  }

  /** Adds a function. */
  add(given: FakeFunction): this {
    const index = this.#functions.push({ ...NEW_FUNCTION, ...given }) - 1;
    this.#indexOf.set(given.id, index);
    const producers = (given.producers ?? []).map((id) => this.#at(id));
    this.#producers.push(producers);
    this.#consumers.push([]);
    for (const producer of producers) this.#consumers[producer]!.push(index);
    this.version += 1;
    return this;
  }

  /** Changes a function. */
  change(id: string, change: Partial<FakeFunction>): this {
    Object.assign(this.#functions[this.#at(id)]!, change);
    this.version += 1;
    return this;
  }

  /** An attempt is over. Its function gets its node and number, and, if it succeeded, that state. */
  ended(given: FakeAttempt): this {
    const { id, attempt = 1, node = this.driver, slot = 0, outcome = 'succeeded', endMs = this.elapsedMs, ...phases } = given;
    const index = this.#at(id);
    this.attempts.add({ index, attempt, node, slot, outcome, endMs, phases: { ...NO_PHASES, ...phases } });
    this.elapsedMs = Math.max(this.elapsedMs, endMs);
    return this.change(id, { attempt, node, startedMs: undefined, ...(outcome === 'succeeded' && { state: 'succeeded' as const }) });
  }

  idOf(index: number): string {
    return this.#function(index).id;
  }

  indexOf(functionId: string): number | undefined {
    return this.#indexOf.get(functionId);
  }

  stateOf(index: number): FunctionState {
    return this.#function(index).state;
  }

  attemptOf(index: number): number {
    return this.#function(index).attempt;
  }

  nodeOf(index: number): string | undefined {
    return this.#function(index).node;
  }

  startedMsOf(index: number): number | undefined {
    return this.#function(index).startedMs;
  }

  isolationOf(index: number): string {
    return this.#function(index).isolation;
  }

  codeOf(index: number): string {
    return this.#function(index).code;
  }

  producersOf(index: number): readonly number[] {
    return this.#producers[index]!;
  }

  consumersOf(index: number): readonly number[] {
    return this.#consumers[index]!;
  }

  partOf(index: number): number | undefined {
    const { partOf } = this.#function(index);
    return partOf === undefined ? undefined : this.#at(partOf);
  }

  sizeBytesOf(index: number): number | undefined {
    return this.#function(index).sizeBytes;
  }

  sourceOf(index: number): ReturnType<ObservedRun['sourceOf']> {
    const { state, source = 'run' } = this.#function(index);
    return state === 'succeeded' ? source : undefined;
  }

  errorOf(index: number): ObservedError | undefined {
    return this.#function(index).error;
  }

  skippedFor(index: number): 'not-taken' | 'producer-failed' | undefined {
    return this.#function(index).skippedFor;
  }

  waitOf(index: number): ObservedWait | undefined {
    return this.#function(index).wait;
  }

  linesOf(index: number): readonly ObservedLine[] {
    return this.#function(index).lines;
  }

  #at(id: string): number {
    const index = this.#indexOf.get(id);
    if (index === undefined) throw new Error(`there is no function "${id}"`);
    return index;
  }

  #function(index: number): MadeFunction {
    const function_ = this.#functions[index];
    if (!function_) throw new RangeError(`there is no function ${index}`);
    return function_;
  }
}

/** How a run of `sizedRun` looks. */
export interface RunSize {
  readonly functions: number;
  /** Its groups are stages: each function needs the one in the same place of the stage before, up to three of them. */
  readonly groups?: number;
  readonly nodes?: number;
  /** Slots of each node. */
  readonly slots?: number;
  /** Each so many-th function fails, or loses its first attempt with its node. */
  readonly failEvery?: number;
  readonly loseEvery?: number;
  /** How much of it is done, from 0 to 1. The next functions run, as many as there are slots. */
  readonly done?: number;
  readonly kept?: number;
}

/** Makes a run of any size, always the same one for the same arguments: stages of functions that run on nodes with slots. */
export function sizedRun(size: RunSize): FakeRun {
  const { functions, groups = 8, nodes = 4, slots = 4, failEvery = 0, loseEvery = 0, done = 1, kept } = size;
  const run = new FakeRun(kept);
  const freeAtMs = new Array<number>(nodes * slots).fill(0);
  const width = Math.ceil(functions / groups);
  const idOf = (at: number): string => `stage-${String.fromCharCode(97 + (Math.floor(at / width) % 26))}-${at % width}`;
  let random = 1;
  const dice = (): number => {
    random = (random * 48_271) % 2_147_483_647;
    return random / 2_147_483_647;
  };
  const ends: { readonly of: FakeAttempt; readonly endMs: number }[] = [];
  for (let at = 0; at < functions; at += 1) {
    const needs =
      at < width
        ? []
        : [at - width, at - width + 1, at - width + 2].filter((one) => Math.floor(one / width) === Math.floor(at / width) - 1);
    const id = idOf(at);
    run.add({ id, producers: needs.map(idOf), code: `./stages.js#stage${Math.floor(at / width)}` });
    const place = at % freeAtMs.length;
    const node = `node-${1 + Math.floor(place / slots)}`;
    if (at >= done * functions) {
      const isNext = at < done * functions + freeAtMs.length;
      run.change(
        id,
        isNext ? { state: 'running', attempt: 1, node, startedMs: freeAtMs[place]! } : { state: at < width ? 'ready' : 'waiting' },
      );
      continue;
    }
    const attempts = loseEvery > 0 && at % loseEvery === loseEvery - 1 ? 2 : 1;
    const isFailed = failEvery > 0 && at % failEvery === failEvery - 1;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const phases = {
        waitMs: 5 * dice(),
        fetchMs: at < width ? 0 : dice(),
        loadMs: dice() / 4,
        runMs: 1 + 9 * dice() ** 3,
        packMs: dice() / 4,
      };
      const handOverMs = dice() / 2;
      const endMs = freeAtMs[place]! + phases.fetchMs + phases.loadMs + phases.runMs + phases.packMs + handOverMs;
      freeAtMs[place] = endMs;
      const outcome = attempt < attempts ? 'lost' : isFailed ? 'failed' : 'succeeded';
      ends.push({ of: { id, attempt, node, slot: place % slots, outcome, endMs, ...phases, handOverMs }, endMs });
    }
    if (isFailed) {
      const error = { name: 'Error', message: `cannot make ${id}`, stack: `Error: cannot make ${id}\n    at stage (stages.js:1:1)` };
      run.change(id, { state: 'failed', error });
    } else run.change(id, { sizeBytes: Math.floor(1000 * dice()) });
  }
  ends.sort((a, b) => a.endMs - b.endMs);
  for (const { of } of ends) run.ended(of);
  if (done >= 1) run.state = failEvery > 0 ? 'failed' : 'completed';
  if (run.state === 'failed') run.error = { name: 'HandoffError', code: 'HANDOFF_FUNCTION_FAILED', message: 'Function failed' };
  return run;
}
