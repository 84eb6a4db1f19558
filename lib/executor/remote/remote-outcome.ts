import type { RecordedFile } from '../../journal/index.js';
import type { WireOutcome } from '../../peer/index.js';
import { StoredValue, unpackError, unpackFacts, unpackThrown, type ValueFacts } from '../../value/index.js';
import type { NodePhases } from '../attempts/attempt.js';
import type { GatheredOutcome } from '../values/gathered-attempt.js';
import { phasesFromWire } from './wire-phases.js';

/** The outcome of an attempt on another node: as here, or with its value kept there, or not tried to the end. */
export type RemoteOutcome =
  | GatheredOutcome
  | {
      readonly type: 'kept';
      readonly sizeBytes: number;
      readonly tookMs: number;
      readonly file?: RecordedFile;
      /** Whether the node has no room for the value, neither in memory nor on its disk. */
      readonly fitsNowhere?: boolean;
      readonly facts?: ValueFacts | undefined;
      readonly phases?: NodePhases | undefined;
      readonly span?: string | undefined;
    }
  /** The node has no room, or is about to leave. The attempt was not tried, or not to the end; that counts as no attempt. */
  | { readonly type: 'declined' }
  /** The node is gone. */
  | { readonly type: 'lost' };

/** Returns what came beside a value, as fields of its outcome. */
function besideIn({
  facts,
  phases,
  span,
}: Pick<Extract<WireOutcome, { type: 'succeeded' | 'filed' }>, 'facts' | 'phases' | 'span'>): BesideValue {
  const known = facts === null ? undefined : unpackFacts(facts);
  const measured = phasesFromWire(phases);
  return { ...(known && { facts: known }), ...(measured && { phases: measured }), ...(span !== null && { span }) };
}

interface BesideValue {
  readonly facts?: ValueFacts;
  readonly phases?: NodePhases;
  readonly span?: string;
}

/** Returns the outcome of an attempt as its node has told it. */
export function outcomeFromWire(outcome: WireOutcome): RemoteOutcome {
  switch (outcome.type) {
    case 'succeeded': {
      const { packed, sizeBytes, tookMs, fits } = outcome;
      const beside = besideIn(outcome);
      return packed
        ? { type: 'succeeded', values: [StoredValue.packed(packed, 'result')], tookMs, ...beside }
        : { type: 'kept', sizeBytes, tookMs, ...(!fits && { fitsNowhere: true }), ...beside };
    }
    case 'filed': {
      const { sizeBytes, tookMs, file } = outcome;
      return { type: 'kept', sizeBytes, tookMs, file, ...besideIn(outcome) };
    }
    case 'failed': {
      const phases = phasesFromWire(outcome.phases);
      return { type: 'failed', error: unpackThrown(outcome.error), final: outcome.final, ...(phases && { phases }) };
    }
    case 'argument-lost':
      return { type: 'argument-lost', functionId: outcome.functionId, error: unpackError(outcome.error) };
    case 'stopped':
      return outcome;
  }
}
