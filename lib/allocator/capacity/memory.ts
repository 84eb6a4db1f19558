// Brain: pure.
import type { Capabilities } from '../strategy.js';

/**
 * The part of a node's memory that values may fill before functions that only make more of them are held back. The rest is for the
 * functions themselves.
 */
const FULL_PART = 1 / 2;
const MIB = 2 ** 20;

/**
 * Returns how far the values of a node exceed their part of the memory, MiB; 0 while there is room, and for a node that has not reported
 * its memory.
 */
export const excessMiB = (heldBytes: number, { memory }: Capabilities): number =>
  memory === undefined ? 0 : Math.max(0, Math.ceil(heldBytes / MIB - memory * FULL_PART));
