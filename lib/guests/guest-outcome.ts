import type { GatheredOutcome } from '../executor/index.js';
import type { WireOutcome } from '../peer/index.js';
import { packThrownForWire } from '../value/index.js';

/** The outcome of an attempt that has made its value. */
export type SucceededOutcome = Extract<WireOutcome, { type: 'succeeded' | 'filed' }>;

/** Whether an attempt has made its value. */
export const hasSucceeded = (outcome: WireOutcome | undefined): outcome is SucceededOutcome =>
  outcome?.type === 'succeeded' || outcome?.type === 'filed';

/** Returns the outcome of an attempt that made no value, or none that is wanted. */
export function endedOutcome(outcome: GatheredOutcome): WireOutcome {
  if (outcome.type === 'failed') return { type: 'failed', error: packThrownForWire(outcome.error), final: outcome.final };
  return outcome.type === 'argument-lost' ? { ...outcome, error: packThrownForWire(outcome.error) } : { type: 'stopped' };
}

/** Returns an outcome as it is remembered: the value is in the store. Spreading it would take as long as everything else here. */
export function withoutValue(outcome: WireOutcome): WireOutcome {
  if (outcome.type !== 'succeeded') return outcome;
  const { type, sizeBytes, tookMs, facts } = outcome;
  return { type, sizeBytes, tookMs, packed: null, facts };
}
