import type { ValueName } from '../../peer/index.js';
import type { StoredValue } from '../../value/index.js';

/** A value on another node, with its name there. */
export interface RemoteValue {
  readonly from: string;
  readonly value: ValueName;
  readonly sizeBytes: number;
  /** The same value, if it is here and small. It may ride along with the attempt that would fetch it. */
  readonly inline?: StoredValue | undefined;
  /** Whether only the fetching attempt needs it, and once. Then it may be opened without a copy. */
  readonly isExclusive?: boolean;
}

/** An argument of a step before everything has been fetched. */
export type ArgumentValue = StoredValue | RemoteValue;

/** Whether an argument is still on another node and has to be fetched. */
export const isRemote = (given: ArgumentValue | number | undefined): given is RemoteValue => typeof given === 'object' && 'from' in given;

/** Whether a value is a function's result or an input, by run. */
export const isOfRun = (value: ValueName): value is Extract<ValueName, { kind: 'of-run' | 'of-file' }> =>
  value.kind === 'of-run' || value.kind === 'of-file';

/** A packed value up to this size rides along with an attempt or with its receipt, bytes. */
export const RIDES_ALONG_BYTES = 64 * 1024;
