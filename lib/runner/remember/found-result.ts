import type { RememberedFile } from '../../journal/index.js';
import type { StoredValue, ValueFacts } from '../../value/index.js';

/** Where a remembered value is: here, or in a file of another node. */
export interface FoundResult {
  readonly node: string;
  readonly sizeBytes: number;
  readonly held?: StoredValue;
  readonly file?: RememberedFile;
  /** What the plan must know of it. */
  readonly facts: ValueFacts;
}
