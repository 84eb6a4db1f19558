// Brain: pure.
/**
 * Decides whether one more restart is allowed: at most `maxRestarts` within any `withinMs` (sliding, monotonic ms).
 * Pure; returns the restart times still inside the window, this one last, or `'give-up'`. Default 3 in 5000 ms.
 * A restart exactly `withinMs` ago still counts. Source: OTP `supervisor`, "Tuning the intensity and period" and `add_restart`; monotonic
 * time, so a clock change cannot revive it.
 */
export function restartWindow(
  restartedAtMs: readonly number[],
  nowMs: number,
  { maxRestarts, withinMs }: RestartIntensity,
): readonly number[] | 'give-up' {
  const inside = restartedAtMs.filter((atMs) => nowMs - atMs <= withinMs);
  inside.push(nowMs);
  return inside.length > maxRestarts ? 'give-up' : inside;
}

/** How many restarts are too many. */
export interface RestartIntensity {
  readonly maxRestarts: number;
  readonly withinMs: number;
}
