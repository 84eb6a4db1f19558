import type { AheadOfRun } from '../../allocator/index.js';
import type { Timer } from '../../base/index.js';
import type { TraceableAttempt } from '../../executor/index.js';
import { LyingFunction } from './lying-function.js';
import type { RunDeps, RunJob } from './run-job.js';

/** Functions lie only in runs whose functions take less than this, ms: for longer ones the way through the loop is nothing. */
const SHORT_MS = 20;

/** Several lie one behind the other as long as they take less than this together, ms: about as long as a busy loop lets them wait. */
const TOGETHER_MS = 1;

/** So many lie one behind the other at most. */
const MOST_TOGETHER = 4;

/** For so long a function lies at most, ms. Then it waits for room like any other, and the run says so. */
const MOST_MS = 100;

/** How much of the mean duration the last function is. */
const WEIGHT = 0.125;

/**
 * The functions of a run that were granted ahead of room. Such a function has no claim. It is placed and not running until what it lies
 * behind has ended; then it holds its claim like any other.
 */
export class FunctionsAhead implements AheadOfRun {
  readonly #of: RunOfAhead;
  readonly #deps: RunDeps;
  /** Those that hold no claim, and since when they lie. */
  readonly #claimless = new Map<number, number>();
  /** The attempts of those that have not begun. */
  readonly #lying = new Map<number, LyingFunction>();
  /** About how long functions of the run take in threads here; not finite before one has ended. */
  #meanMs = Number.POSITIVE_INFINITY;
  #watch: Timer | undefined;

  constructor(of: RunOfAhead, deps: RunDeps) {
    this.#of = of;
    this.#deps = deps;
  }

  mayLie(index: number, behind: number): boolean {
    if (behind > 0 && (behind >= MOST_TOGETHER || this.#meanMs * (behind + 1) > TOGETHER_MS)) return false;
    const { plan, past, trace } = this.#of.job;
    const { executor } = this.#deps;
    return this.#meanMs < SHORT_MS && !(past || trace) && plan.isSimple(index) && executor.takesAhead(plan.isolation[index]!);
  }

  lies(index: number): void {
    const { clock } = this.#deps;
    this.#claimless.set(index, clock.now());
    this.#watch ??= clock.after(MOST_MS, () => this.#recallOld());
  }

  /** A function has succeeded here. */
  ended(index: number, tookMs: number): void {
    if (!this.#deps.executor.takesAhead(this.#of.job.plan.isolation[index]!)) return;
    this.#meanMs = Number.isFinite(this.#meanMs) ? this.#meanMs + (tookMs - this.#meanMs) * WEIGHT : tookMs;
  }

  /** What runs takes longer than was thought. What lies there waits for room, until another function has ended. */
  #recallOld(): void {
    this.#watch = undefined;
    const { clock, allocation } = this.#deps;
    const dueMs = clock.now() - MOST_MS;
    const old = [...this.#claimless].filter(([, sinceMs]) => sinceMs <= dueMs);
    if (old.length > 0) this.#meanMs = Number.POSITIVE_INFINITY;
    for (const [index] of old) this.recalled(index);
    if (this.#claimless.size > 0) this.#watch = clock.after(MOST_MS, () => this.#recallOld());
    if (old.length > 0) allocation.pump();
  }

  /** The run is over. */
  close(): void {
    this.#watch?.cancel();
  }

  /** Whether a function has no claim. */
  isClaimless(index: number): boolean {
    return this.#claimless.has(index);
  }

  /** Lets an attempt lie. `told` is called when it begins; it holds its claim then. */
  start(index: number, attempt: TraceableAttempt, told: () => void): LyingFunction {
    const begun = (): void => {
      this.#lying.delete(index);
      const { job } = this.#of;
      if (this.#claimless.delete(index)) this.#deps.allocation.begun(job.runId, index, job.kinds[index]!);
      told();
    };
    const lying = new LyingFunction(attempt, begun, this.#deps);
    this.#lying.set(index, lying);
    return lying;
  }

  promoted(index: number): boolean {
    if (!this.#claimless.delete(index)) return false;
    this.#lying.get(index)?.promote();
    return true;
  }

  recalled(index: number): void {
    const lying = this.#lying.get(index);
    if (lying) lying.recall();
    else this.#of.stopMember(index);
  }

  /** The function is not to run now. Returns whether it had no claim, and so frees none. */
  free(index: number): boolean {
    this.#lying.delete(index);
    if (!this.#claimless.delete(index)) return false;
    this.#deps.allocation.freeAhead(this.#of.job.runId, index);
    return true;
  }
}

/** The run whose functions lie. */
interface RunOfAhead {
  readonly job: RunJob;
  /** Ends the actor of a function that has not begun to start its attempt, which counts as declined. */
  stopMember(index: number): void;
}
