import { FunctionsAhead } from '../allocator/index.js';
import { type GatheredOutcome, isolationOf, LyingFunction, type TraceableAttempt } from '../executor/index.js';
import type { WireMessageOf } from '../peer/index.js';
import type { GuestAttempt } from './guest-attempt.js';
import type { GuestDeps } from './guest-deps.js';

/**
 * The attempts of a guest run that were granted ahead of room, whether or not their driver sent them ahead of it: they lie at threads here.
 * One that is taken back, and has not begun, is queued again.
 */
export class LyingGuests {
  readonly ahead: FunctionsAhead;
  readonly #run: RunOfLying;
  readonly #deps: GuestDeps;

  constructor(run: RunOfLying, deps: GuestDeps) {
    const { runId, attemptAt } = run;
    this.#run = run;
    this.#deps = deps;
    this.ahead = new FunctionsAhead(
      {
        runId,
        mayLie: true,
        isolationOf: (index) => isolationOf(attemptAt(index).question!),
        claimOf: (index) => attemptAt(index).kind,
        isSimple: (index) => isSimple(attemptAt(index).question!),
        declined: (index) => this.#requeue(attemptAt(index)),
      },
      deps,
    );
  }

  /** Whether so many lie here that their driver need not hear at once of those that have ended: two behind each that runs. */
  get areEnough(): boolean {
    const { size } = this.ahead;
    return size > 1 && size >= 2 * this.#run.countRunning(size);
  }

  /** An attempt was granted ahead of room. By its turn it may have room, or may have been taken back, and granted anew. */
  lie(attempt: GuestAttempt): void {
    const { index } = attempt;
    if (attempt.state !== 'lying' || this.ahead.isLying(index)) return;
    if (attempt.isStopped) return this.#run.ended(attempt, { type: 'stopped' });
    if (!this.ahead.isClaimless(index)) return this.#run.begin(attempt);
    let lying: LyingFunction;
    try {
      lying = this.ahead.start(index, this.#run.given(attempt), () => this.#run.begun(attempt));
    } catch (error) {
      return this.#run.ended(attempt, { type: 'failed', error, final: true });
    }
    attempt.handle = lying;
    lying.listen((outcome) => {
      if (outcome.type === 'declined') this.#requeue(attempt);
      else this.#run.ended(attempt, outcome);
    });
  }

  /** Takes an attempt back if it lies and has not begun. Returns whether it is queued now, or has been before. */
  recall(attempt: GuestAttempt): boolean {
    const { handle } = attempt;
    if (attempt.state === 'lying') {
      if (handle instanceof LyingFunction) handle.takeBack();
      else this.#requeue(attempt);
    }
    return attempt.state === 'queued';
  }

  #requeue(attempt: GuestAttempt): void {
    this.free(attempt, false);
    attempt.handle = undefined;
    attempt.state = 'queued';
    this.#deps.allocation.request(this.#run.runId, attempt.index, attempt.kind);
  }

  /** The attempt holds its claim no longer, if it holds one; `isLent`: it has lent it. */
  free({ index, kind }: GuestAttempt, isLent: boolean): void {
    const { allocation, node } = this.#deps;
    if (!this.ahead.free(index)) allocation.free(this.#run.runId, node, kind, isLent);
  }
}

/** One that may not wait for room is refused instead. */
const isSimple = ({ steps, mayQueue }: WireMessageOf<'run-attempt'>): boolean => steps.length === 1 && mayQueue;

/** The run whose attempts lie. */
interface RunOfLying {
  readonly runId: string;
  /** Returns an attempt that has not ended. */
  readonly attemptAt: (index: number) => GuestAttempt;
  /** Returns how many attempts run, or `most` if there are more. */
  countRunning(most: number): number;
  /** Returns an attempt as an executor runs it. */
  given(attempt: GuestAttempt): TraceableAttempt;
  /** There is room for an attempt: it holds its claim, and is to be started. */
  begin(attempt: GuestAttempt): void;
  /** An attempt that lay at a thread has begun. */
  begun(attempt: GuestAttempt): void;
  ended(attempt: GuestAttempt, outcome: GatheredOutcome): void;
}
