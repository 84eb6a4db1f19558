// Brain: pure.
import type { RetryOptions } from '../../dag/index.js';

/** The default rest of a function between attempts. */
export const DEFAULT_RETRY: Readonly<Required<RetryOptions>> = { initialDelayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0.25 };

/**
 * Returns the rest after the `failures`-th failed attempt (counted from 1), ms: min(maxDelayMs, initialDelayMs × factor^(failures−1)) × (1
 * ± jitter). `random` is in [0, 1).
 */
export function restMs(failures: number, retry: RetryOptions | undefined, random: number): number {
  const { initialDelayMs, factor, maxDelayMs, jitter } = { ...DEFAULT_RETRY, ...retry };
  return Math.min(maxDelayMs, initialDelayMs * factor ** (failures - 1)) * (1 + jitter * (2 * random - 1));
}
