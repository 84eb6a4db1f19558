import type { ValueName } from '../peer/index.js';
import type { Held } from '../value/index.js';

/** A value that lies on another node, and what it is called there. */
export interface FarValue {
  readonly from: string;
  readonly value: ValueName;
  readonly sizeBytes: number;
  /** The same value, where it is at hand and small: it may ride along with whoever would fetch it. */
  readonly held?: Held | undefined;
  /** Whether nobody but who fetches it will need it, and once: then it comes for that one, who may be given it without a copy. */
  readonly isSole?: boolean;
}

/** What a step is given before everything has been fetched. */
export type Given = Held | FarValue;

export const isFar = (given: Given | number | undefined): given is FarValue => typeof given === 'object' && 'from' in given;

/** Up to this size, packed, a value rides along with an attempt or with its receipt, bytes. */
export const RIDES_ALONG_BYTES = 64 * 1024;
