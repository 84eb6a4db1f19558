import type { AttemptOutcome, EndCounts, PhaseCounts } from '../../runner/index.js';

/** What a node knows of itself in numbers, as metrics tell it. Amounts by name. */
export interface NodeMeasures {
  /** Functions of its own runs that have ended since it started. */
  readonly functions: EndCounts;
  /** Attempts that have ended on it, of all drivers; the lost ones are those of its own runs. */
  readonly attempts: Readonly<Record<AttemptOutcome, number>>;
  /** The phases of the attempts of its own runs, in the order of `PHASE_NAMES`. */
  readonly phases: readonly PhaseCounts[];
  /** Functions of its own runs now, by state. */
  readonly current: Readonly<Record<string, number>>;
  /** Its runs now, by state. */
  readonly runs: Readonly<Record<string, number>>;
  readonly capacity: readonly (readonly [resource: string, amount: number])[];
  readonly used: readonly (readonly [resource: string, amount: number])[];
  /** The values that it holds, bytes, by where they lie. */
  readonly valueBytes: Readonly<Record<string, number>>;
  /** So many bytes of them may lie there. */
  readonly valueLimitBytes: Readonly<Record<string, number>>;
  /** The results that it remembers, and how often one was found. */
  readonly remembered: { readonly entries: number; readonly hits: number };
  /** What has gone over its links, bytes, by direction. */
  readonly transferredBytes: Readonly<Record<string, number>>;
  /** The members of its cluster as it sees them, itself included, by status. */
  readonly members: Readonly<Record<string, number>>;
}
