import { type Clock, type Logger, safeThrown, type Timer, textOf } from '../base/index.js';
import { StoredValue } from '../value/index.js';
import { type CallOutcome, type IsolationCall, type RunningCall, stoppedOutcome } from './attempts/attempt.js';
import type { IsolationRunner } from './isolation.js';

/** How long a call of a user's isolation may take to end after its grace before it is given up, ms. */
const GIVE_UP_MS = 10_000;

/** How long an isolation may take to close, ms. */
const CLOSING_MS = 2000;

/**
 * Keeps a user's own isolation to its contract, so that it cannot end the node or hold up a run. What it throws fails the call, and so does
 * an invalid outcome. A second `settle` is ignored. A stopped call that does not end is given up.
 */
export function guardedIsolation(name: string, runner: IsolationRunner, deps: GuardDeps): IsolationRunner {
  const open = new Set<GuardedCall>();
  const { slots } = runner;
  return {
    ...(slots !== undefined && { slots }),
    start(call, settle) {
      const guarded = new GuardedCall(name, call, deps, (outcome) => {
        open.delete(guarded);
        settle(outcome);
      });
      open.add(guarded);
      guarded.begin(runner);
      return guarded;
    },
    async close() {
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
  readonly #deps: GuardDeps;
  readonly #settle: (outcome: CallOutcome) => void;
  #running: RunningCall | undefined;
  #giveUp: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isOver = false;
  /** Whether the isolation has reported its end. A call that was given up may do so later. */
  #hasEnded = false;
  #whenOver: (() => void)[] = [];

  constructor(name: string, call: IsolationCall, deps: GuardDeps, settle: (outcome: CallOutcome) => void) {
    this.#name = name;
    this.#call = call;
    this.#deps = deps;
    this.#settle = settle;
  }

  begin(runner: IsolationRunner): void {
    try {
      this.#running = runner.start(this.#call, (outcome) => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        if (this.#isOver) for (const told of this.#whenOver.splice(0)) told();
        else this.end(this.#checked(outcome));
      });
    } catch (thrown) {
      this.#hasEnded = true;
      this.end({ type: 'failed', error: this.#fault('start has thrown', safeThrown(thrown)), final: false });
    }
  }

  stop(reason: Parameters<RunningCall['stop']>[0], graceMs: number): void {
    if (this.#isOver) return;
    const { clock, logger } = this.#deps;
    const atMs = clock.now() + graceMs + GIVE_UP_MS;
    if (!this.#giveUp || this.#giveUp.atMs > atMs) {
      this.#giveUp?.timer.cancel();
      this.#giveUp = { atMs, timer: clock.after(graceMs + GIVE_UP_MS, () => this.#abandon()) };
    }
    try {
      this.#running!.stop(reason, graceMs);
    } catch (thrown) {
      logger.error({ err: safeThrown(thrown), isolation: this.#name }, 'an isolation could not stop a call');
    }
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

  #checked(outcome: CallOutcome): CallOutcome {
    const fault = faultOf(outcome, this.#call);
    return fault === undefined ? outcome : { type: 'failed', error: this.#fault(fault), final: true };
  }

  #fault(what: string, cause?: unknown): Error {
    const { functionId } = this.#call.context;
    const text = `Cannot run function "${functionId}": isolation "${this.#name}" broke its contract: ${what}`;
    return cause === undefined ? new Error(text) : new Error(`${text}: ${textOf(cause)}`, { cause });
  }
}

/** Returns what is wrong with a call's outcome as its isolation reports it. Never throws. */
function faultOf(outcome: CallOutcome, { steps }: IsolationCall): string | undefined {
  try {
    switch (outcome.type) {
      case 'succeeded': {
        const wanted = steps.filter((step, at) => step.wanted || at === steps.length - 1).length;
        const { values, tookMs } = outcome;
        if (!Array.isArray(values) || values.length !== wanted) return `settled without a value for each of the ${wanted} wanted steps`;
        if (!values.every((value) => value instanceof StoredValue)) return 'settled with a value that is no StoredValue';
        return Number.isFinite(tookMs) && tookMs >= 0 ? undefined : 'settled without tookMs';
      }
      case 'failed':
        return typeof outcome.final === 'boolean' ? blockedFault(outcome.blocked) : 'settled a failure without final';
      case 'stopped':
        return blockedFault(outcome.blocked);
      default:
        return 'settled with what is no outcome';
    }
  } catch {
    return 'settled with what is no outcome';
  }
}

const blockedFault = (blocked: { readonly whenOver: unknown } | undefined): string | undefined =>
  blocked === undefined || typeof blocked.whenOver === 'function' ? undefined : 'settled as blocked without whenOver';

/** The parts of the node that the guard of an isolation needs. */
export interface GuardDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}
