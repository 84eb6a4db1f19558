// Brain: pure.
import type { Capabilities } from '../strategy.js';

/**
 * Values may fill so much of a node's memory before functions that only make more of them are held back: as much again is for the functions
 * themselves.
 */
const FULL_PART = 1 / 2;
const MIB = 2 ** 20;

/**
 * How far the values of a node are beyond what its memory is for, MiB; 0 while there is room, and for a node that has not said how much
 * memory it has.
 */
export const excessMiB = (heldBytes: number, { memory }: Capabilities): number =>
  memory === undefined ? 0 : Math.max(0, Math.ceil(heldBytes / MIB - memory * FULL_PART));
