// Brain: pure.

/** What the values of a node take of its memory. */
export interface ValueLoad {
  /** The size of the values in memory. */
  readonly heldBytes: number;
  /** So much of them may be there before functions that only make more are held back. */
  readonly limitBytes: number;
  /** Whether the disk is taking some of them, so that there is room again by itself. */
  readonly isSpilling: boolean;
}

/** The load of a node that has no values, and no bound. */
export const NO_LOAD: ValueLoad = { heldBytes: 0, limitBytes: Number.POSITIVE_INFINITY, isSpilling: false };

/**
 * The part of a node's memory that values may fill, unless its options say otherwise, before functions that only make more of them are held
 * back. The rest is for the functions themselves.
 */
const FULL_PART = 1 / 2;
const MIB = 2 ** 20;

/** Returns how many bytes of values may be in the memory of a node that registered so many MiB, unless its options say otherwise. */
export const defaultLimitBytes = (memoryMiB: number): number => memoryMiB * MIB * FULL_PART;

/** Returns how far the values of a node exceed their part of the memory, MiB; 0 while there is room. */
export const excessMiB = (heldBytes: number, limitBytes: number): number => Math.max(0, Math.ceil((heldBytes - limitBytes) / MIB));

/**
 * Under this name it is said how much memory for values a function lacks that only makes more of them, MiB: so much must go to the disk, or
 * be released. It is no resource that a node registers.
 */
export const VALUE_MEMORY = 'valueMemoryMiB';

/** The part of the limit that drivers may have made beyond it between two reports, if the disk has room for that. */
const LEAD_PART = 1 / 2;

/**
 * Returns the load as it is told to drivers. They count what they make there until the next report, and the disk takes some of it
 * meanwhile. So they get ahead of it by a part of the limit, and by no more than the disk has room for.
 */
export function toldLoad({ heldBytes, limitBytes, isSpilling }: ValueLoad, freeDiskBytes: number): ValueLoad {
  const aheadBytes = heldBytes > limitBytes ? 0 : Math.min(freeDiskBytes, limitBytes * LEAD_PART);
  return { heldBytes, limitBytes: Math.floor(limitBytes + aheadBytes), isSpilling };
}
