import { median } from './measure.js';

/** What several processes came to, of one row of a benchmark. */
export interface MeasuredRow {
  readonly what: string;
  /** The ratios of the figure to its floor, one of each process. */
  readonly ratios: readonly number[];
  /** The same of the first round of each process, where the benchmark tells it. */
  readonly cold?: readonly number[];
  /** `at least …` or `at most …`: which direction is the good one. */
  readonly target?: string;
}

/** Rows by the name of their benchmark. */
export type MeasuredRows = Readonly<Record<string, readonly MeasuredRow[]>>;

/** One row in two runs. */
export interface RowChange {
  readonly row: string;
  readonly verdict: 'better' | 'worse' | 'changed' | 'same' | 'too few' | 'missing' | 'new';
  readonly text: string;
}

/** Differences of medians up to this one are never called a change. */
const LEAST_CHANGE = 0.05;
/** With three samples each, ranges that do not meet are chance once in ten times; with five, once in a hundred. */
const FEWEST_SAMPLES = 3;

/**
 * Compares each ratio of two runs. It changed if no sample of one run lies within the range of the other's, and the medians differ by more than 5 %.
 * Source of the rule: the extreme case of the Mann-Whitney test, which knows nothing of how noise is distributed.
 */
export function compareRuns(before: MeasuredRows, after: MeasuredRows): readonly RowChange[] {
  const changes: RowChange[] = [];
  for (const [bench, rows] of Object.entries(after)) {
    for (const row of rows) {
      const old = before[bench]?.find(({ what }) => what === row.what);
      changes.push({ row: `${bench}: ${row.what}`, ...(old ? changeOf(old, row) : { verdict: 'new', text: shown(row.ratios) }) });
    }
    for (const old of before[bench] ?? []) {
      if (!rows.some(({ what }) => what === old.what))
        changes.push({ row: `${bench}: ${old.what}`, verdict: 'missing', text: shown(old.ratios) });
    }
  }
  return changes;
}

function changeOf(before: MeasuredRow, after: MeasuredRow): Pick<RowChange, 'verdict' | 'text'> {
  const [old, now] = [before.ratios, after.ratios];
  const by = median(now) / median(old) - 1;
  const text = `${shown(old)} to ${shown(now)}: ${by > 0 ? '+' : ''}${(by * 100).toFixed(0)} %`;
  if (Math.min(old.length, now.length) < FEWEST_SAMPLES) return { verdict: 'too few', text };
  const isApart = Math.min(...now) > Math.max(...old) || Math.max(...now) < Math.min(...old);
  if (!isApart || Math.abs(by) <= LEAST_CHANGE) return { verdict: 'same', text };
  if (after.target === undefined) return { verdict: 'changed', text };
  return { verdict: after.target.startsWith('at least') === by > 0 ? 'better' : 'worse', text };
}

/** `1.10 (1.02 to 1.21)`: the median and the range. */
export const shown = (ratios: readonly number[]): string =>
  ratios.length < 2
    ? median(ratios).toFixed(2)
    : `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
