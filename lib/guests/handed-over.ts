import { HandoffError } from '../base/index.js';
import { type AttemptHandle, type GatheredOutcome, phasesFromWire } from '../executor/index.js';
import type { Inheritance } from '../peer/index.js';
import type { HeldValue } from '../store/index.js';
import { type StoredValue, unpackFacts } from '../value/index.js';
import type { GuestAttempt } from './guest-attempt.js';
import type { GuestDeps } from './guest-deps.js';
import { hasSucceeded, type SucceededOutcome } from './guest-outcome.js';

/** Returns what an heir may take over of a run: attempts that run or have made their value, and values. */
export const inheritanceOf = (attempts: Iterable<GuestAttempt>, values: Iterable<HeldValue>): Inheritance => ({
  attempts: [...attempts].filter(isWorthAdopting).map(({ of: [, functionId, attempt, epoch], state }) => {
    return { functionId, attempt, epoch, isOver: state === 'ended' };
  }),
  values: [...values].map(({ id, epoch, value }) => ({ functionId: id, epoch, sizeBytes: value.sizeBytes })),
});

const isWorthAdopting = ({ state, handle, isStopped, outcome }: GuestAttempt): boolean =>
  state === 'running' ? handle !== undefined && !isStopped : hasSucceeded(outcome);

/** An attempt that its node goes on with as the driver of the run. */
export interface HandedAttempt {
  readonly attempt: number;
  readonly handle: AttemptHandle<GatheredOutcome>;
  /** Frees the claim that it holds as a guest. */
  readonly freeClaim: () => void;
}

/** Takes attempts out of the hands of the guest run, by function. A function that has lent its claim is not handed over. */
export function handedAttempts(
  attempts: Iterable<GuestAttempt>,
  { allocation, store, node }: Pick<GuestDeps, 'allocation' | 'store' | 'node'>,
): Map<string, HandedAttempt> {
  const handed = new Map<string, HandedAttempt>();
  for (const one of attempts) {
    const { handle, state, kind, outcome, loan, isStopped } = one;
    const [runId, functionId, attempt] = one.of;
    const value = hasSucceeded(outcome) ? store.get(runId, functionId) : undefined;
    if (value && hasSucceeded(outcome)) {
      handed.set(functionId, { attempt, handle: succeededHandle(value, outcome), freeClaim() {} });
    } else if (handle && state === 'running' && !isStopped && !loan) {
      // From now on its end is the affair of the driver.
      handle.listen(() => {});
      one.handle = undefined;
      const freeClaim = (): void => {
        allocation.free('', node, kind);
        allocation.pump();
      };
      handed.set(functionId, { attempt, handle: handle as AttemptHandle<GatheredOutcome>, freeClaim });
    }
  }
  return handed;
}

const succeededHandle = (value: StoredValue, { tookMs, facts, phases, slot, span }: SucceededOutcome): AttemptHandle<GatheredOutcome> => ({
  slot,
  listen: (heard) =>
    heard({
      type: 'succeeded',
      values: [value],
      tookMs,
      facts: facts ? unpackFacts(facts) : undefined,
      phases: phasesFromWire(phases),
      span: span ?? undefined,
    }),
  stop() {},
});

/** What a node that becomes the driver of a run has had of it as a guest. */
export class HandedOver {
  readonly inheritance: Inheritance;
  readonly #node: string;
  readonly #attempts: Map<string, HandedAttempt>;
  readonly #values: ReadonlyMap<string, HeldValue>;

  constructor(node: string, inheritance: Inheritance, attempts: Map<string, HandedAttempt>, values: ReadonlyMap<string, HeldValue>) {
    const isHanded = ({ functionId }: { readonly functionId: string }): boolean => attempts.has(functionId);
    this.inheritance = { ...inheritance, attempts: inheritance.attempts.filter(isHanded) };
    this.#node = node;
    this.#attempts = attempts;
    this.#values = values;
  }

  /** Returns the value of a function, if it was made in that epoch. */
  valueOf(functionId: string, epoch: number): StoredValue | undefined {
    const held = this.#values.get(functionId);
    return held?.epoch === epoch ? held.value : undefined;
  }

  /** Takes an attempt over, once. The caller holds a claim for it by now. */
  take(functionId: string, attempt: number): AttemptHandle<GatheredOutcome> | undefined {
    const handed = this.#attempts.get(functionId);
    if (handed?.attempt !== attempt) return undefined;
    this.#attempts.delete(functionId);
    handed.freeClaim();
    return handed.handle;
  }

  /** Stops all attempts that have not been taken, but for those of the functions in `wanted`. */
  keepOnly(wanted: ReadonlySet<string>): void {
    const reason = new HandoffError('HANDOFF_STOPPED', `Node "${this.#node}" no longer runs this`, { node: this.#node });
    for (const [functionId, { handle, freeClaim }] of [...this.#attempts]) {
      if (wanted.has(functionId)) continue;
      this.#attempts.delete(functionId);
      handle.listen(freeClaim);
      handle.stop(reason, 0);
    }
  }
}
