import type { Clock, Timer } from '../../base/index.js';
import { type FarHandle, LyingFunction, type TraceableAttempt, type WatchDeps } from '../../executor/index.js';
import type { Allocator } from '../allocator.js';
import type { AheadOfRun, ClaimClass } from '../queue/claim-class.js';

/** Functions lie only in runs whose functions take less than this, ms: for longer ones the way through the loop is nothing. */
const SHORT_MS = 20;

/** Several lie one behind the other as long as they take less than this together, ms: about as long as a busy loop lets them wait. */
const TOGETHER_MS = 1;

/** So many lie one behind the other at most. */
const MOST_TOGETHER = 4;

/** The same on other nodes, where the way there and back takes longer. */
const TOGETHER_FAR_MS = 4;
const MOST_TOGETHER_FAR = 16;

/** Functions that make larger values on average do not lie: the memory would be full before a loop hears of it. */
const SMALL_BYTES = 16 * 1024;

/** What waits less on its node is not worth the way to another one, ms: a node whose loop is busy gives it back no sooner. */
const WAY_MS = 3;

/** For so long a function lies at most, ms. Then it waits for room like any other, and the run says so. */
const MOST_MS = 100;

/** How much of the means the last function is. */
const WEIGHT = 0.125;

/**
 * The functions of a run that were granted ahead of room. Such a function has no claim. It is placed and not running until what it lies
 * behind has ended; then it holds its claim like any other.
 */
export class FunctionsAhead implements AheadOfRun {
  readonly #of: RunOfAhead;
  readonly #deps: AheadDeps;
  /** Those that hold no claim, and since when they lie. */
  readonly #claimless = new Map<number, number>();
  /** The attempts of those that have not begun. */
  readonly #lying = new Map<number, LyingFunction | FarHandle>();
  /** By isolation, how functions of the run are on average; missing before one has ended. */
  readonly #means = new Map<string, Means>();
  #watch: Timer | undefined;

  constructor(of: RunOfAhead, deps: AheadDeps) {
    this.#of = of;
    this.#deps = deps;
  }

  get isPossible(): boolean {
    if (!this.#of.mayLie) return false;
    for (const { tookMs, sizeBytes } of this.#means.values()) if (tookMs < SHORT_MS && sizeBytes <= SMALL_BYTES) return true;
    return false;
  }

  mayLie(index: number, behind: number, node: string): boolean {
    const { executor, node: self } = this.#deps;
    const isFar = node !== self;
    const isolation = this.#of.isolationOf(index);
    const { tookMs, sizeBytes } = this.#means.get(isolation) ?? UNKNOWN;
    if (tookMs >= SHORT_MS || sizeBytes > SMALL_BYTES || !(isFar || executor.takesAhead(isolation))) return false;
    const [most, togetherMs] = isFar ? [MOST_TOGETHER_FAR, TOGETHER_FAR_MS] : [MOST_TOGETHER, TOGETHER_MS];
    if (behind > 0 && (behind >= most || tookMs * (behind + 1) > togetherMs)) return false;
    return this.#of.isSimple(index, node);
  }

  isWorthMoving(index: number, behind: number): boolean {
    return (this.#means.get(this.#of.isolationOf(index)) ?? UNKNOWN).tookMs * (behind + 1) > WAY_MS;
  }

  lies(index: number): void {
    const { clock } = this.#deps;
    this.#claimless.set(index, clock.now());
    this.#watch ??= clock.after(MOST_MS, () => this.#recallOld());
  }

  /** A function has succeeded, with a value of so many bytes. */
  ended(index: number, tookMs: number, sizeBytes: number): void {
    const isolation = this.#of.isolationOf(index);
    const means = this.#means.get(isolation);
    if (!means) return void this.#means.set(isolation, { tookMs, sizeBytes });
    means.tookMs += (tookMs - means.tookMs) * WEIGHT;
    means.sizeBytes += (sizeBytes - means.sizeBytes) * WEIGHT;
  }

  /** What runs takes longer than was thought. What lies there waits for room, until another function has ended. */
  #recallOld(): void {
    this.#watch = undefined;
    const { clock, allocation } = this.#deps;
    const dueMs = clock.now() - MOST_MS;
    const old = [...this.#claimless].filter(([, sinceMs]) => sinceMs <= dueMs);
    if (old.length > 0) this.#means.clear();
    for (const [index] of old) this.recalled(index);
    if (this.#claimless.size > 0) this.#watch = clock.after(MOST_MS, () => this.#recallOld());
    if (old.length > 0) allocation.pump();
  }

  /** The run is over. */
  close(): void {
    this.#watch?.cancel();
  }

  /** How many hold no claim. */
  get size(): number {
    return this.#claimless.size;
  }

  /** Whether a function has no claim. */
  isClaimless(index: number): boolean {
    return this.#claimless.has(index);
  }

  /** Whether its attempt lies. */
  isLying(index: number): boolean {
    return this.#lying.has(index);
  }

  /** Lets an attempt lie. `told` is called when it begins; it holds its claim then. */
  start(index: number, attempt: TraceableAttempt, told: () => void): LyingFunction {
    const begun = (): void => {
      this.begun(index, this.#deps.node);
      told();
    };
    const lying = new LyingFunction(attempt, begun, this.#deps);
    this.#lying.set(index, lying);
    return lying;
  }

  /** The attempt of a function lies on another node. */
  sent(index: number, handle: FarHandle): void {
    if (this.#claimless.has(index)) this.#lying.set(index, handle);
  }

  /** A function that lay on a node has begun there: it holds its claim. */
  begun(index: number, node: string): void {
    const { runId } = this.#of;
    this.#lying.delete(index);
    if (this.#claimless.delete(index)) this.#deps.allocation.begun(runId, index, node, this.#of.claimOf(index));
  }

  promoted(index: number): boolean {
    if (!this.#claimless.delete(index)) return false;
    this.#lying.get(index)?.promote();
    return true;
  }

  recalled(index: number): void {
    const lying = this.#lying.get(index);
    if (lying) lying.takeBack();
    else this.#of.declined(index);
  }

  /** The function is not to run now. Returns whether it had no claim, and so frees none. */
  free(index: number): boolean {
    this.#lying.delete(index);
    if (!this.#claimless.delete(index)) return false;
    this.#deps.allocation.freeAhead(this.#of.runId, index);
    return true;
  }
}

/** How functions are on average. */
interface Means {
  tookMs: number;
  sizeBytes: number;
}

const UNKNOWN: Readonly<Means> = { tookMs: Number.POSITIVE_INFINITY, sizeBytes: 0 };

/** The run whose functions lie. */
interface RunOfAhead {
  readonly runId: string;
  /** Whether any of its functions may lie. */
  readonly mayLie: boolean;
  isolationOf(index: number): string;
  claimOf(index: number): ClaimClass;
  /** Whether a function is one step, and its arguments are small or on that node. */
  isSimple(index: number, node: string): boolean;
  /** A function is taken back whose attempt has not been started. */
  declined(index: number): void;
}

/** The parts of the node that functions need to lie. */
interface AheadDeps extends WatchDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly allocation: Allocator;
}
