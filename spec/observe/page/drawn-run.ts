import TinyQueue from 'tinyqueue';
import type { ObservedRun } from '../../../lib/runner/index.js';
import { AttemptColumns } from '../../../lib/runner/observed/attempt-columns.js';

/** The functions of a run that was never run: producers come before their consumers. */
export interface DrawnShape {
  readonly ids: readonly string[];
  readonly parents: readonly (readonly number[])[];
  readonly runMs: readonly number[];
}

/** Where a drawn run runs, and what goes wrong. */
export interface DrawnPlaces {
  readonly nodes: number;
  readonly slots: number;
  /** One in so many attempts fails and is tried again; none by default. */
  readonly failsEach?: number;
  /** A node that is lost at a time, with all that runs there. */
  readonly lost?: { readonly node: number; readonly atMs: number };
}

interface DrawnAttempt {
  readonly index: number;
  readonly attempt: number;
  readonly node: number;
  readonly slot: number;
  readonly askedMs: number;
  readonly endMs: number;
  readonly outcome: number;
  readonly phases: readonly [waitMs: number, fetchMs: number, loadMs: number, runMs: number, packMs: number, handOverMs: number];
}

/** Chance with a seed (mulberry32), from 0 to 1. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A run for pages to show, made up: functions of a shape, scheduled on slots as a driver might have done. `advance` moves it on in its own
 * time; nothing of it depends on clocks or on chance without a seed.
 */
export class DrawnRun implements ObservedRun {
  readonly runId = 'drawn';
  readonly dagId: string;
  readonly key = undefined;
  readonly driver = 'node-0';
  readonly startedAtMs = Date.UTC(2026, 10, 30, 6, 0, 0);
  readonly error = undefined;
  readonly notRun = { journal: 0, cache: 0 };
  readonly attempts: AttemptColumns;
  elapsedMs = 0;
  version = 1;
  readonly #shape: DrawnShape;
  readonly #ends: readonly DrawnAttempt[];
  readonly #byFunction: DrawnAttempt[][];
  readonly #children: readonly (readonly number[])[];
  readonly #indices: ReadonlyMap<string, number>;
  /** When attempts were asked for, in the order of time, and how many of them have been. */
  readonly #asked: Float64Array;
  #begun = 0;
  #ended = 0;
  #succeeded = 0;

  constructor(dagId: string, shape: DrawnShape, places: DrawnPlaces, seed = 1) {
    this.dagId = dagId;
    this.#shape = shape;
    this.#children = childrenOf(shape);
    this.#indices = new Map(shape.ids.map((id, index) => [id, index]));
    this.attempts = new AttemptColumns((index) => shape.ids[index]!);
    this.#ends = scheduled(shape, this.#children, places, dice(seed));
    this.#asked = Float64Array.from(this.#ends, ({ askedMs }) => askedMs).sort();
    this.#byFunction = shape.ids.map(() => []);
    for (const attempt of this.#ends) this.#byFunction[attempt.index]!.push(attempt);
  }

  /** When the last attempt ends. */
  get lengthMs(): number {
    return this.#ends.at(-1)?.endMs ?? 0;
  }

  get state(): 'running' | 'completed' {
    return this.#ended < this.#ends.length ? 'running' : 'completed';
  }

  get size(): number {
    return this.#shape.ids.length;
  }

  get progress() {
    const [succeeded, running] = [this.#succeeded, this.#begun - this.#ended];
    const waiting = this.size - succeeded - running;
    return { total: this.size, succeeded, running, failed: 0, skipped: 0, cancelled: 0, waiting, ready: 0, resting: 0 };
  }

  /** Lets time pass until so long after the start. */
  advance(toMs: number): void {
    this.elapsedMs = Math.max(this.elapsedMs, Math.min(toMs, this.lengthMs));
    this.version += 1;
    while (this.#begun < this.#asked.length && this.#asked[this.#begun]! <= this.elapsedMs) this.#begun += 1;
    for (; this.#ended < this.#ends.length && this.#ends[this.#ended]!.endMs <= toMs; this.#ended += 1) {
      const { index, attempt, node, slot, outcome, endMs, phases } = this.#ends[this.#ended]!;
      if (outcome === 0) this.#succeeded += 1;
      this.attempts.add(index, attempt, `node-${node}`, slot, outcome, endMs, ...phases);
    }
  }

  idOf(index: number): string {
    return this.#shape.ids[index]!;
  }

  indexOf(functionId: string): number | undefined {
    return this.#indices.get(functionId);
  }

  stateOf(index: number) {
    const attempts = this.#byFunction[index]!;
    if (attempts.some(({ endMs, outcome }) => outcome === 0 && endMs <= this.elapsedMs)) return 'succeeded' as const;
    return this.#running(index) ? ('running' as const) : ('waiting' as const);
  }

  sourceOf(index: number) {
    return this.stateOf(index) === 'succeeded' ? ('run' as const) : undefined;
  }

  isolationOf(): string {
    return 'thread';
  }

  codeOf(index: number): string {
    return `steps.js#${this.idOf(index).replace(/\W?\d+$/, '')}`;
  }

  producersOf(index: number): readonly number[] {
    return this.#shape.parents[index]!;
  }

  consumersOf(index: number): readonly number[] {
    return this.#children[index]!;
  }

  sizeBytesOf(index: number): number | undefined {
    return this.stateOf(index) === 'succeeded' ? 1000 : undefined;
  }

  errorOf(): undefined {
    return undefined;
  }

  skippedFor(): undefined {
    return undefined;
  }

  waitOf(): undefined {
    return undefined;
  }

  linesOf(): readonly [] {
    return [];
  }

  attemptOf(index: number): number {
    return this.#byFunction[index]!.filter(({ askedMs }) => askedMs <= this.elapsedMs).length;
  }

  nodeOf(index: number): string | undefined {
    const attempt = this.#byFunction[index]!.findLast(({ askedMs }) => askedMs <= this.elapsedMs);
    return attempt && `node-${attempt.node}`;
  }

  startedMsOf(index: number): number | undefined {
    return this.#running(index)?.askedMs;
  }

  partOf(): undefined {
    return undefined;
  }

  #running(index: number): DrawnAttempt | undefined {
    return this.#byFunction[index]!.find(({ askedMs, endMs }) => askedMs <= this.elapsedMs && endMs > this.elapsedMs);
  }
}

function childrenOf({ ids, parents }: DrawnShape): readonly (readonly number[])[] {
  const children = ids.map(() => [] as number[]);
  for (const [index, above] of parents.entries()) for (const parent of above) children[parent]!.push(index);
  return children;
}

/** Every attempt in the order of their ends: a list schedule, first come, first served. */
function scheduled(
  { ids, parents, runMs }: DrawnShape,
  children: readonly (readonly number[])[],
  { nodes, slots, failsEach, lost }: DrawnPlaces,
  chance: () => number,
): readonly DrawnAttempt[] {
  const missing = parents.map(({ length }) => length);
  const ready: { index: number; readyMs: number; attempt: number }[] = [];
  for (const [index, count] of missing.entries()) if (count === 0) ready.push({ index, readyMs: 0, attempt: 1 });
  const free: number[] = [];
  for (let slot = slots - 1; slot >= 0; slot -= 1) for (let node = nodes - 1; node >= 0; node -= 1) free.push(node * slots + slot);
  const home = new Int32Array(ids.length).fill(-1);
  const hasLoaded = new Set<string>();
  const running = new TinyQueue<DrawnAttempt>([], (one, other) => one.endMs - other.endMs);
  const ends: DrawnAttempt[] = [];
  let [nowMs, next] = [0, 0];
  for (;;) {
    while (next < ready.length && free.length > 0) {
      const place = free.pop()!;
      const [node, slot] = [Math.floor(place / slots), place % slots];
      if (lost && node === lost.node && nowMs >= lost.atMs) continue;
      const { index, readyMs, attempt } = ready[next]!;
      next += 1;
      const work = runMs[index]!;
      const far = parents[index]!.filter((parent) => home[parent] !== node).length;
      const module = `${place} ${ids[index]!.replace(/\d+/g, '')}`;
      const loadMs = hasLoaded.has(module) ? work * 0.01 : Math.min(work * 0.3, 12 + chance() * 20);
      hasLoaded.add(module);
      const fetchMs = far > 0 ? work * (0.03 + 0.16 * chance()) : 0;
      const packMs = work * 0.05 * chance();
      const handOverMs = 0.2 + chance() * 0.6 + work * 0.01;
      const isFailure = failsEach !== undefined && attempt < 3 && chance() * failsEach < 1;
      const ranMs = isFailure ? work * chance() : work * (0.75 + chance() * 0.5);
      const askedMs = Math.max(nowMs, readyMs);
      const wholeMs = fetchMs + loadMs + ranMs + (isFailure ? 0 : packMs) + handOverMs;
      const isLost = lost !== undefined && node === lost.node && askedMs + wholeMs > lost.atMs;
      const endMs = isLost ? lost.atMs : askedMs + wholeMs;
      const waitMs = askedMs - readyMs;
      running.push({
        index,
        attempt,
        node,
        slot,
        askedMs,
        endMs,
        outcome: isLost ? 4 : isFailure ? 1 : 0,
        phases: isLost ? [waitMs, 0, 0, endMs - askedMs, 0, 0] : [waitMs, fetchMs, loadMs, ranMs, isFailure ? 0 : packMs, handOverMs],
      });
    }
    const ended = running.pop();
    if (!ended) return ends;
    nowMs = ended.endMs;
    ends.push(ended);
    free.push(ended.node * slots + ended.slot);
    if (ended.outcome !== 0) ready.push({ index: ended.index, readyMs: nowMs, attempt: ended.attempt + 1 });
    else {
      home[ended.index] = ended.node;
      for (const child of children[ended.index]!) {
        missing[child]! -= 1;
        if (missing[child] === 0) ready.push({ index: child, readyMs: nowMs, attempt: 1 });
      }
    }
  }
}
