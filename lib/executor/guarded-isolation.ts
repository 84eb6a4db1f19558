import { type Clock, callSafely, type HandoffError, type Logger, safeThrown, type Timer, textOf } from '../base/index.js';
import { type CallOutcome, type IsolationCall, type RunningCall, stoppedOutcome } from './attempts/attempt.js';
import { checkedOutcome, type OutcomePlace } from './checked-outcome.js';
import type { IsolationRunner } from './isolation.js';

/** How long a call of a user's isolation may take to end after its grace before it is given up, ms. */
const GIVE_UP_MS = 10_000;

/** How long an isolation may take to close, ms. */
const CLOSING_MS = 2000;

/**
 * Keeps a user's own isolation to its contract, so that it cannot end the node or hold up a run. What it throws, or rejects with, fails the
 * call, and so does an invalid outcome. A second `settle` is ignored. A stopped call that does not end is given up.
 */
export function guardedIsolation(name: string, runner: IsolationRunner, deps: GuardDeps): IsolationRunner {
  const open = new Set<GuardedCall>();
  const { slots } = runner;
  let isClosing = false;
  const guard = { ...deps, isClosing: () => isClosing };
  return {
    ...(slots !== undefined && { slots }),
    start(call, settle) {
      const ended = (outcome: CallOutcome): void => {
        open.delete(guarded);
        settle(outcome);
      };
      const guarded = new GuardedCall(name, call, guard, ended);
      open.add(guarded);
      guarded.begin(runner);
      return guarded;
    },
    async close() {
      isClosing = true;
      let patience: Timer | undefined;
      const late = new Promise<number>((resolve) => {
        patience = deps.clock.after(CLOSING_MS, () => resolve(open.size));
      });
      const closed = (async () => runner.close())().catch((error: unknown) => {
        deps.logger.error({ err: safeThrown(error), isolation: name }, 'an isolation could not be closed');
        return open.size;
      });
      const left = await Promise.race([closed, late]);
      patience?.cancel();
      for (const call of [...open]) call.end({ type: 'stopped' });
      return Number.isSafeInteger(left) && left > 0 ? left : 0;
    },
  };
}

class GuardedCall implements RunningCall {
  readonly #name: string;
  readonly #call: IsolationCall;
  readonly #deps: GuardDeps & { isClosing(): boolean };
  readonly #settle: (outcome: CallOutcome) => void;
  #running: RunningCall | undefined;
  #asked: { readonly reason: HandoffError; readonly graceMs: number } | undefined;
  #giveUp: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isOver = false;
  /** Whether the isolation has reported its end. A call that was given up may do so later. */
  #hasEnded = false;
  #whenOver: (() => void)[] = [];

  constructor(name: string, call: IsolationCall, deps: GuardDeps & { isClosing(): boolean }, settle: (outcome: CallOutcome) => void) {
    this.#name = name;
    this.#call = call;
    this.#deps = deps;
    this.#settle = settle;
  }

  begin(runner: IsolationRunner): void {
    const started = callSafely(
      () => runner.start(ownCopy(this.#call), (outcome) => this.#reported(outcome)),
      (thrown) => this.#couldNotStart(thrown),
    );
    this.#running = started ?? { stop() {} };
    // Its own start may have had the call stopped.
    if (this.#asked) this.#passStop(this.#asked.reason, this.#asked.graceMs);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#isOver) return;
    const { clock } = this.#deps;
    const atMs = clock.now() + graceMs + GIVE_UP_MS;
    if (!this.#giveUp || this.#giveUp.atMs > atMs) {
      this.#giveUp?.timer.cancel();
      this.#giveUp = { atMs, timer: clock.after(graceMs + GIVE_UP_MS, () => this.#abandon()) };
    }
    this.#asked = { reason, graceMs };
    if (this.#running) this.#passStop(reason, graceMs);
  }

  #passStop(reason: HandoffError, graceMs: number): void {
    const { logger } = this.#deps;
    callSafely(
      () => this.#running!.stop(reason, graceMs) as unknown,
      (thrown) => logger.error({ err: safeThrown(thrown), isolation: this.#name }, 'an isolation could not stop a call'),
    );
  }

  #reported(outcome: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isOver) for (const told of this.#whenOver.splice(0)) told();
    else this.end(this.#checked(outcome));
  }

  #couldNotStart(thrown: unknown): void {
    if (this.#hasEnded) return;
    this.#reported({ type: 'failed', error: this.#fault('start has thrown', safeThrown(thrown)), final: false });
  }

  end(outcome: CallOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#giveUp?.timer.cancel();
    this.#settle(outcome);
  }

  #abandon(): void {
    const { dagId, runId, functionId, attempt } = this.#call.context;
    const what = { isolation: this.#name, dagId, runId, functionId, attempt };
    this.#deps.logger.warn(what, 'the attempt is given up: its isolation has not ended it');
    this.end(stoppedOutcome({ what: 'isolation', whenOver: (told) => (this.#hasEnded ? told() : void this.#whenOver.push(told)) }));
  }

  #checked(given: unknown): CallOutcome {
    const { logger, isClosing } = this.#deps;
    const checked = checkedOutcome(given, this.#call, this.#deps, (thrown) =>
      logger.error({ err: safeThrown(thrown), isolation: this.#name }, 'an isolation could not say when a blocked call is over'),
    );
    if (typeof checked === 'string') return { type: 'failed', error: this.#fault(checked), final: true };
    // A run would wait for a function that nothing ends any more.
    const isUnasked = checked.type === 'stopped' && !this.#asked && !isClosing();
    return isUnasked
      ? { ...checked, type: 'failed', error: this.#fault('settled as stopped what nothing had stopped'), final: true }
      : checked;
  }

  #fault(what: string, cause?: unknown): Error {
    const { functionId } = this.#call.context;
    const text = `Cannot run function "${functionId}": isolation "${this.#name}" broke its contract: ${what}`;
    return cause === undefined ? new Error(text) : new Error(`${text}: ${textOf(cause)}`, { cause });
  }
}

/** Returns a copy of a call, for code that may change what it is given: the original is read again later. */
const ownCopy = ({ context, steps, trace }: IsolationCall): IsolationCall => ({
  context: { ...context },
  ...(trace && { trace }),
  steps: steps.map((step) => ({ ...step, inputs: [...step.inputs] })),
});

/** The parts of the node that the guard of an isolation needs. */
export interface GuardDeps extends OutcomePlace {
  readonly clock: Clock;
  readonly logger: Logger;
}
