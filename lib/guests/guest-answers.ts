import type { WireMessage, WireMessageOf, WireOutcome } from '../peer/index.js';
import type { GuestAttempt } from './guest-attempt.js';
import type { DriverUse, GuestDeps } from './guest-deps.js';
import type { GuestValues } from './guest-values.js';

/** What the driver of a guest run is told of its attempts, unless the run is over here or has no driver. */
export class GuestAnswers {
  readonly #driver: () => string | undefined;
  readonly #values: GuestValues;
  readonly #deps: GuestDeps;

  /** `driver` returns who is told; `undefined` if nobody is. */
  constructor(driver: () => string | undefined, values: GuestValues, deps: GuestDeps) {
    this.#driver = driver;
    this.#values = values;
    this.#deps = deps;
  }

  /** One that `mayRest` need not be sent at once: enough lies here until the driver has heard of it. */
  tell(message: WireMessage, mayRest = false): void {
    const driver = this.#driver();
    if (driver !== undefined) this.#deps.send(driver, message, mayRest);
  }

  /** It waits for room. One that may not is refused instead, and of one that was sent ahead of room nobody asks. */
  waits({ state, question, of, kind }: GuestAttempt): void {
    if (state !== 'queued' || !question?.mayQueue || question.isAhead) return;
    this.tell({ type: 'attempt-queued', of, lacking: Object.entries(this.#deps.allocation.lackOf(kind)) });
  }

  started({ of, handle }: GuestAttempt, mayRest = false): void {
    this.tell({ type: 'attempt-started', of, slot: handle?.slot ?? 0 }, mayRest);
  }

  ended({ of }: Pick<GuestAttempt, 'of'>, outcome: WireOutcome, mayRest = false): void {
    this.tell({ type: 'attempt-ended', of, outcome }, mayRest);
  }

  /** The driver asks for it again: the answers may be lost, or what was sent ahead of room holds its claim by now and has not begun. */
  again(attempt: GuestAttempt, question: WireMessageOf<'run-attempt'>): void {
    if (attempt.question?.isAhead && !question.isAhead) {
      attempt.question = question;
      attempt.queuedSinceMs ??= this.#deps.clock.now();
    }
    const { outcome, state, of } = attempt;
    if (state === 'queued' || state === 'lying') return this.waits(attempt);
    this.started(attempt);
    if (!outcome) return;
    const packed = outcome.type === 'succeeded' ? this.#values.ridingAlong(of[1]) : null;
    this.ended(attempt, outcome.type === 'succeeded' ? { ...outcome, packed } : outcome);
  }

  /** `use`: what the driver uses here. */
  refused({ of }: GuestAttempt, use: DriverUse | undefined): void {
    const usage = { ...this.#deps.allocation.ledger.report, usedByYou: [...(use ?? [])] };
    this.tell({ type: 'attempt-refused', of, usage });
  }
}
