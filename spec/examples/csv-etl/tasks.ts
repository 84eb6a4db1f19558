import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** One day of weather. */
export interface Day {
  readonly month: string;
  readonly rainMm: number;
  readonly warmestC: number;
}

/** What is known of one month of all years: sums, so that parts can be joined. */
export type Months = Readonly<Record<string, { readonly days: number; readonly rainMm: number; readonly warmestC: number }>>;

/** Extract: the lines of the file, without its header. */
export async function extract(file: string): Promise<string[]> {
  const path = createRequire(import.meta.url)
    .resolve('vega-datasets')
    .replace(/build.*$|src.*$/, `data/${file}`);
  const [, ...lines] = (await readFile(path, 'utf8')).trim().split('\n');
  console.log(`${lines.length} lines of ${file}`);
  return lines;
}

/** Transform: one share of the lines, parsed. Runs in as many threads as there are shares. */
export function transform(lines: readonly string[], share: number, shares: number): Day[] {
  const from = Math.floor((lines.length * share) / shares);
  const to = Math.floor((lines.length * (share + 1)) / shares);
  return lines.slice(from, to).map((line) => {
    const [date, rain, warmest] = line.split(',') as [string, string, string];
    return { month: date.slice(5, 7), rainMm: Number(rain), warmestC: Number(warmest) };
  });
}

/** The days of a part, by month. */
export function byMonth(days: readonly Day[]): Months {
  const months: Record<string, { days: number; rainMm: number; warmestC: number }> = {};
  for (const { month, rainMm, warmestC } of days) {
    const sums = months[month] ?? { days: 0, rainMm: 0, warmestC: Number.NEGATIVE_INFINITY };
    months[month] = { days: sums.days + 1, rainMm: sums.rainMm + rainMm, warmestC: Math.max(sums.warmestC, warmestC) };
  }
  return months;
}

/** Load: the parts as one table, a line for each month. */
export function load(parts: readonly Months[]): string {
  const months: Record<string, { days: number; rainMm: number; warmestC: number }> = {};
  for (const [month, part] of parts.flatMap((one) => Object.entries(one))) {
    const sums = months[month] ?? { days: 0, rainMm: 0, warmestC: Number.NEGATIVE_INFINITY };
    const warmestC = Math.max(sums.warmestC, part.warmestC);
    months[month] = { days: sums.days + part.days, rainMm: sums.rainMm + part.rainMm, warmestC };
  }
  const lines = Object.entries(months)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([month, { days, rainMm, warmestC }]) => `${month},${(rainMm / days).toFixed(2)},${warmestC.toFixed(1)}`);
  return ['month,rain_mm_per_day,warmest_c', ...lines].join('\n');
}
