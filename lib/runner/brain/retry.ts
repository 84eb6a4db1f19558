// Brain: pure.
import type { RetryOptions } from '../../dag/index.js';

/** How long a function rests between attempts, unless its `retry` says otherwise. */
export const DEFAULT_RETRY: Readonly<Required<RetryOptions>> = { initialDelayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0.25 };

/**
 * Milliseconds to rest after the `failures`-th failed attempt (counted from 1):
 * min(maxDelayMs, initialDelayMs × factor^(failures−1)) × (1 ± jitter). `random` is in [0, 1).
 */
export function restMs(failures: number, retry: RetryOptions | undefined, random: number): number {
  const { initialDelayMs, factor, maxDelayMs, jitter } = { ...DEFAULT_RETRY, ...retry };
  return Math.min(maxDelayMs, initialDelayMs * factor ** (failures - 1)) * (1 + jitter * (2 * random - 1));
}
