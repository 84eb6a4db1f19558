import type { Clock } from '../base/index.js';
import type { JournalStore } from './stored/operations.js';

/** What every journal is opened with. */
export interface JournalOptions {
  /** The name of this node, for others that ask for a run's driver. */
  readonly node: string;
  readonly clock: Clock;
  /** How long a silent driver keeps its runs, ms. */
  readonly leaseMs: number;
  /** Nothing is written, no lease is taken, and a node that writes is not disturbed. @default false */
  readonly isReadOnly?: boolean;
  /** How long to try while a database does not answer, or while nodes of an older version use it. @default 0: once */
  readonly openTimeoutMs?: number;
  /** For specs and simulations: stands between the journal and where it is stored, as a `FaultyStore`. */
  readonly around?: (store: JournalStore) => JournalStore;
}
