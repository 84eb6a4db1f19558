// Brain: pure.
import type { TimelineView } from '../../views/view-types.js';

/** How many slots were busy, by time: what an overview of a run draws. */
export interface BusySlots {
  /** The beginning of each interval. */
  readonly atMs: readonly number[];
  /** How many slots were busy in it, on average. */
  readonly busy: readonly number[];
  /** When attempts failed or were lost: intervals by number, each once, ascending. */
  readonly failedIn: readonly number[];
}

/** Counts busy slots of an answer in `intervals` equal parts of the time from 0 to `toMs`. */
export function busySlots({ bars, merged, running }: TimelineView, toMs: number, intervals: number, nowMs: number): BusySlots {
  const lengthMs = toMs / intervals;
  const busy = new Float64Array(intervals);
  const failed = new Set<number>();
  const partOf = (atMs: number): number => Math.min(intervals - 1, Math.max(0, Math.floor(atMs / lengthMs)));
  const add = (startMs: number, endMs: number, weight: number): void => {
    const [from, to] = [Math.max(0, startMs), Math.min(toMs, endMs)];
    if (to <= from) return;
    const [first, last] = [partOf(from), partOf(to)];
    for (let at = first; at <= last; at += 1) {
      busy[at]! += (weight * (Math.min(to, (at + 1) * lengthMs) - Math.max(from, at * lengthMs))) / lengthMs;
    }
  };
  for (const [at, startMs] of bars.startMs.entries()) {
    add(startMs, bars.endMs[at]!, 1);
    if (bars.outcome[at] !== 0 && bars.outcome[at] !== 3) failed.add(partOf(bars.endMs[at]!));
  }
  for (const [at, startMs] of merged.startMs.entries()) {
    add(startMs, merged.endMs[at]!, merged.filled[at]!);
    if (merged.hasFailure[at]) failed.add(partOf(merged.endMs[at]!));
  }
  for (const { startMs } of running) add(startMs, nowMs, 1);
  return {
    atMs: Array.from(busy, (_, at) => at * lengthMs),
    busy: [...busy],
    failedIn: [...failed].sort((one, other) => one - other),
  };
}
