// Brain: pure.

/** After the end of a lease the next look follows within this, ms: not all nodes at once. */
const SPREAD_MS = 200;
/** The rest after the first failure of the journal, and the longest, ms. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

/**
 * Returns how long to wait before the next look for interrupted runs; `undefined` if there need be none, as nobody else uses the journal.
 * `leaseLeftMs`: how long the first of the leases that others hold still holds; `Infinity` if there is none. A run that was opened since
 * the last look has a whole lease, so half of one is early enough to see it. `random`: in [0, 1).
 */
export function lookDelayMs(leaseMs: number, leaseLeftMs: number, random: number): number | undefined {
  if (!Number.isFinite(leaseMs)) return undefined;
  const idleMs = (leaseMs / 2) * (1 - random / 4);
  return Math.min(idleMs, Math.max(1, leaseLeftMs + Math.min(SPREAD_MS, leaseMs / 10) * random));
}

/** Returns how long to rest after so many failures in a row: twice as long each time, less up to half by chance. */
export const retryDelayMs = (failures: number, random: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20)) * (1 - random / 2);
