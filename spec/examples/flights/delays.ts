import type { Flights } from './table.js';

/** How many flights of each hour were how many minutes late: exact, and added up part by part. */
export interface DelayCounts {
  /** Row by hour, column by delay from `EARLIEST` on. */
  readonly counts: Uint32Array;
}

/** What the chart shows of one hour. Delays in minutes; a percentile of an hour without flights is `NaN`. */
export interface HourOfDelays {
  readonly hour: number;
  readonly flights: number;
  readonly mean: number;
  /** How many were 15 minutes late or more, which airlines call late. */
  readonly late: number;
  /** The delay that this share of the flights, from 0 to 1, did not exceed. */
  percentile(share: number): number;
}

const HOURS = 24;
const EARLIEST = -180;
const LATEST = 2880;
const COLUMNS = LATEST - EARLIEST + 1;
const LATE = 15;

/** Counts a part of the table. */
export function countByHour({ departures, delays }: Flights): DelayCounts {
  const counts = new Uint32Array(HOURS * COLUMNS);
  for (const [flight, delay] of delays.entries()) {
    if (delay < EARLIEST || delay > LATEST) throw new RangeError(`flight ${flight} has a delay of ${delay} minutes`);
    const hour = Math.floor(departures[flight]! / 60) % HOURS;
    counts[hour * COLUMNS + delay - EARLIEST]! += 1;
  }
  return { counts };
}

/** Adds up the counts of all parts. */
export function join(parts: readonly DelayCounts[]): DelayCounts {
  const counts = new Uint32Array(HOURS * COLUMNS);
  for (const part of parts) for (const [at, count] of part.counts.entries()) counts[at]! += count;
  return { counts };
}

/** Reads the counts hour by hour. */
export function hoursOf({ counts }: DelayCounts): readonly HourOfDelays[] {
  return Array.from({ length: HOURS }, (_, hour) => {
    const row = counts.subarray(hour * COLUMNS, (hour + 1) * COLUMNS);
    let [flights, sum, late] = [0, 0, 0];
    for (const [column, count] of row.entries()) {
      const delay = EARLIEST + column;
      flights += count;
      sum += count * delay;
      if (delay >= LATE) late += count;
    }
    return { hour, flights, mean: sum / flights, late, percentile: (share) => percentileOf(row, flights, share) };
  });
}

function percentileOf(row: Uint32Array, flights: number, share: number): number {
  let left = Math.max(1, Math.ceil(flights * share));
  for (const [column, count] of row.entries()) {
    left -= count;
    if (left <= 0) return EARLIEST + column;
  }
  return Number.NaN;
}
