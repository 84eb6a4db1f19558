import type { ValueName } from '../../peer/index.js';
import type { StoredValue } from '../../value/index.js';

/** A value that lies on another node, and what it is called there. */
export interface RemoteValue {
  readonly from: string;
  readonly value: ValueName;
  readonly sizeBytes: number;
  /** The same value, where it is at hand and small: it may ride along with whoever would fetch it. */
  readonly inline?: StoredValue | undefined;
  /** Whether nobody but who fetches it will need it, and once: then it comes for that one, who may be given it without a copy. */
  readonly isExclusive?: boolean;
}

/** What a step is given before everything has been fetched. */
export type ArgumentValue = StoredValue | RemoteValue;

/** Whether an argument is still on another node and has to be fetched. */
export const isRemote = (given: ArgumentValue | number | undefined): given is RemoteValue => typeof given === 'object' && 'from' in given;

/** Up to this size, packed, a value rides along with an attempt or with its receipt, bytes. */
export const RIDES_ALONG_BYTES = 64 * 1024;
