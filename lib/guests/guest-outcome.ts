import { type GatheredOutcome, phasesForWire } from '../executor/index.js';
import type { WireOutcome } from '../peer/index.js';
import { packFacts, packThrownForWire } from '../value/index.js';

/** The outcome of an attempt that has made its value. */
export type SucceededOutcome = Extract<WireOutcome, { type: 'succeeded' | 'filed' }>;

/** Whether an attempt has made its value. */
export const hasSucceeded = (outcome: WireOutcome | undefined): outcome is SucceededOutcome =>
  outcome?.type === 'succeeded' || outcome?.type === 'filed';

/** Returns the outcome of an attempt that made no value, or none that is wanted. */
export function endedOutcome(outcome: GatheredOutcome, waitMs = 0, slot = 0): WireOutcome {
  if (outcome.type === 'failed') {
    const { error, final, phases } = outcome;
    return { type: 'failed', error: packThrownForWire(error), final, phases: phasesForWire(phases, 0, waitMs), slot };
  }
  return outcome.type === 'argument-lost' ? { ...outcome, error: packThrownForWire(outcome.error) } : { type: 'stopped' };
}

/** A value that an attempt has made, as its driver is told of it. */
export type MadeValue = Omit<Extract<WireOutcome, { type: 'filed' }>, 'type' | 'file'>;

/** Returns what is told of a value of so many bytes. */
export function madeValue(
  { tookMs, facts, phases, span }: Extract<GatheredOutcome, { type: 'succeeded' }>,
  sizeBytes: number,
  waitMs: number,
  slot: number,
): MadeValue {
  return {
    sizeBytes,
    tookMs,
    facts: facts ? packFacts(facts) : null,
    phases: phasesForWire(phases, tookMs, waitMs),
    slot,
    span: span ?? null,
  };
}

/** Returns the outcome of an attempt whose value rides along, if it is not `null`. `fits`: whether there is room for it here. */
export function madeOutcome(made: MadeValue, packed: Uint8Array | null, fits: boolean): WireOutcome {
  const { sizeBytes, tookMs, facts, phases, slot, span } = made;
  return { type: 'succeeded', sizeBytes, tookMs, packed, fits, facts, phases, slot, span };
}

/** Returns an outcome as it is remembered: the value is in the store. Spreading it would take as long as everything else here. */
export function withoutValue(outcome: WireOutcome): WireOutcome {
  if (outcome.type !== 'succeeded') return outcome;
  const { type, sizeBytes, tookMs, fits, facts, phases, slot, span } = outcome;
  return { type, sizeBytes, tookMs, packed: null, fits, facts, phases, slot, span };
}
