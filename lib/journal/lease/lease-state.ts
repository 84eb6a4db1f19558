// Brain: pure.

/** The latest renewal that the journal confirmed: both clocks from before it was sent. */
export interface LeaseState {
  readonly leaseMs: number;
  readonly sentAtMs: number;
  readonly sentAtWallMs: number;
}

/**
 * How long the lease still holds; 0 when it is over. The clock that went further decides: the monotonic one stands still while the machine
 * sleeps, the wall clock can be set back. A wall clock that is set forward costs a renewal, and nothing else.
 */
export function leaseLeftMs(lease: LeaseState, nowMs: number, wallNowMs: number): number {
  const passedMs = Math.max(nowMs - lease.sentAtMs, wallNowMs - lease.sentAtWallMs);
  return Math.max(0, lease.leaseMs - passedMs);
}

/** A renewal is due every third of the lease: two may fail before it runs out. */
const RENEWALS_IN_A_LEASE = 3;
/** After a failure the first new try comes so soon, the next after twice as long, at most a third of the lease. */
const FIRST_RETRY_MS = 50;

/** How long to wait before the next renewal, after so many in a row failed. */
export function renewalDelayMs(leaseMs: number, failures: number): number {
  const third = leaseMs / RENEWALS_IN_A_LEASE;
  return failures === 0 ? third : Math.min(third, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
}
