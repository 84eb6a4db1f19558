/** One line of a benchmark's table. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  /** What it is measured against, in the same run. */
  readonly floor?: string;
  /** The figure over its floor; the median of paired runs. */
  readonly ratio?: number;
  /** The same of the first round in this process, where that is told apart. */
  readonly cold?: number;
  /** The ratio to reach: at least, or at most. */
  readonly target?: string;
}

/** How the suite is to run. */
export interface BenchOptions {
  /** Recorded workflows, files or folders, for those that replay them. */
  readonly paths: readonly string[];
  /** In a fraction of the time, for machines that look at every commit: fewer rounds, and of some fewer rows. */
  readonly isShort: boolean;
}

/** One question, one file. */
export interface Bench {
  readonly name: string;
  readonly question: string;
  /** Whether the short suite has it. Default: no. */
  readonly isInShort?: boolean;
  run(options: BenchOptions): Promise<readonly Row[]>;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Wall milliseconds of one call. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}

/** What two things took, measured in turn: the medians, and the median of the paired ratios a / b. */
export interface Pair {
  readonly aMs: number;
  readonly bMs: number;
  readonly ratio: number;
  /** The ratio of the first round. */
  readonly cold: number;
}

/** Takes the times of two things that tell their own, in turn, after one of each that does not count. */
export async function pairs(rounds: number, a: () => Promise<number>, b: () => Promise<number>): Promise<Pair> {
  const cold = (await a()) / (await b());
  const as: number[] = [];
  const bs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    as.push(await a());
    bs.push(await b());
  }
  return { aMs: median(as), bMs: median(bs), ratio: median(as.map((ms, at) => ms / bs[at]!)), cold };
}

/** As `pairs`, of two actions that are timed here. */
export const paired = (rounds: number, a: () => Promise<unknown>, b: () => Promise<unknown>): Promise<Pair> =>
  pairs(
    rounds,
    () => timed(a),
    () => timed(b),
  );

const WARM_UP_ROUNDS = 12;
const SHORT_WARM_UP_ROUNDS = 4;

/** Until a process has done something so often, what is measured is mostly V8, compiling: a node that has just been started does a third as much. */
export async function warmUp(isShort: boolean, ...actions: (() => Promise<unknown>)[]): Promise<void> {
  for (let round = 0; round < (isShort ? SHORT_WARM_UP_ROUNDS : WARM_UP_ROUNDS); round += 1) for (const action of actions) await action();
}

/** `123,456/s`. */
export const perSecond = (count: number, ms: number): string => `${Math.round((count / ms) * 1000).toLocaleString('en-US')}/s`;

/** Bytes of heap in use after garbage collection; run node with --expose-gc. */
export async function heapUsed(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error('run with --expose-gc');
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  return process.memoryUsage().heapUsed;
}
