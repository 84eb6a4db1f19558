// Brain: pure.

/** The first pause before a lost connection is tried again, and the longest, ms. A dashboard that starts again is there within seconds. */
const FIRST_MS = 400;
const LONGEST_MS = 5_000;

/**
 * How long to wait before the attempt after so many failed ones, ms. `chance` is from 0 to 1: watchers must not come back all at once.
 */
export const reconnectDelayMs = (failures: number, chance: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1)) * (0.75 + chance / 2);
