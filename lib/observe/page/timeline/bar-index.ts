// Brain: pure.
import type { TimelineView } from '../../views/view-types.js';

/** Something that is drawn in a row: one attempt, a run of narrow ones, or one that runs now. `at` counts within its columns. */
export interface BarRef {
  readonly kind: 'bar' | 'merged' | 'running';
  readonly at: number;
  readonly row: number;
}

/** The bars of an answer by row and start, so that the one below the pointer is found without looking at all of them. */
export interface BarIndex {
  /** The rows of the answer, and one more for each running attempt that has no slot among them. */
  readonly places: TimelineView['rows'];
  /** Whether there are such rows: then rows have other numbers than in the answer. */
  readonly hasMoreRows: boolean;
  /** For each of `places`, in the order of their starts. */
  readonly rows: readonly (readonly BarRef[])[];
  readonly startOf: (ref: BarRef) => number;
  /** `nowMs` is the end of what runs. */
  readonly endOf: (ref: BarRef, nowMs: number) => number;
}

/** The index of an answer. */
export function barIndex(view: TimelineView): BarIndex {
  const { bars, merged, running } = view;
  const { places, placeOf, runningPlaces } = placesOf(view);
  const byRow: BarRef[][] = places.map(() => []);
  const put = (kind: BarRef['kind'], row: number | undefined, at: number): void => {
    if (row !== undefined) byRow[row]?.push({ kind, at, row });
  };
  for (const [at, row] of bars.row.entries()) put('bar', placeOf[row], at);
  for (const [at, row] of merged.row.entries()) put('merged', placeOf[row], at);
  for (const [at, row] of runningPlaces.entries()) put('running', row, at);
  const startOf = ({ kind, at }: BarRef): number =>
    kind === 'bar' ? bars.startMs[at]! : kind === 'merged' ? merged.startMs[at]! : running[at]!.startMs;
  const endOf = ({ kind, at }: BarRef, nowMs: number): number =>
    kind === 'bar' ? bars.endMs[at]! : kind === 'merged' ? merged.endMs[at]! : Math.max(nowMs, running[at]!.startMs);
  for (const refs of byRow) refs.sort((one, other) => startOf(one) - startOf(other));
  return { places, hasMoreRows: places.length > view.rows.length, rows: byRow, startOf, endOf };
}

/** The rows with those that only running attempts need, each in the band of its node. */
function placesOf(view: TimelineView) {
  const guessed = rowsOfRunning(view);
  const order = view.rows.map((_, row) => ({ row, at: -1, node: view.rows[row]!.node }));
  for (const [at, row] of guessed.entries()) if (row < 0) order.push({ row: -1, at, node: view.running[at]!.node });
  // Sorting is stable: rows of the answer keep their order, and new ones of a node come after them.
  if (order.length > view.rows.length) order.sort((one, other) => one.node.localeCompare(other.node, 'en', { numeric: true }));
  const placeOf: number[] = [];
  const runningPlaces = guessed.map(() => 0);
  for (const [place, { row, at }] of order.entries()) {
    if (row >= 0) placeOf[row] = place;
    else runningPlaces[at] = place;
  }
  for (const [at, row] of guessed.entries()) if (row >= 0) runningPlaces[at] = placeOf[row]!;
  const places = order.map(({ row, node }) => (row >= 0 ? view.rows[row]! : { node, isolation: '', slot: -1 }));
  return { places, placeOf, runningPlaces };
}

/**
 * The row of each running attempt. Where the answer does not know it, it is a row of its node that was idle when the attempt started, the
 * one that was idle for longest; -1 if there is none. The true row is known when the attempt has ended.
 */
function rowsOfRunning({ rows, bars, merged, running }: TimelineView): readonly number[] {
  if (running.every(({ row }) => row >= 0)) return running.map(({ row }) => row);
  const lastEnd = new Float64Array(rows.length).fill(-1);
  for (const { row, endMs } of [bars, merged]) {
    for (let at = 0; at < row.length; at += 1) lastEnd[row[at]!] = Math.max(lastEnd[row[at]!]!, endMs[at]!);
  }
  const isTaken = rows.map(() => false);
  for (const { row } of running) if (row >= 0) isTaken[row] = true;
  const order = running.map((_, at) => at).sort((one, other) => running[one]!.startMs - running[other]!.startMs);
  const found = running.map(({ row }) => row);
  for (const at of order) {
    if (found[at]! >= 0) continue;
    const { node, startMs } = running[at]!;
    let best = -1;
    for (const [row, one] of rows.entries()) {
      if (one.node !== node || isTaken[row] || lastEnd[row]! > startMs + 1) continue;
      if (best < 0 || lastEnd[row]! < lastEnd[best]!) best = row;
    }
    if (best >= 0) isTaken[best] = true;
    found[at] = best;
  }
  return found;
}

/** What is drawn in a row at a time, or nearest to it within `reachMs`; the one that started last if there are several. */
export function barAt(index: BarIndex, row: number, atMs: number, reachMs: number, nowMs: number): BarRef | undefined {
  const refs = index.rows[row] ?? [];
  let [low, high] = [0, refs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (index.startOf(refs[middle]!) <= atMs + reachMs) low = middle + 1;
    else high = middle;
  }
  let best: BarRef | undefined;
  let bestMs = reachMs;
  // Bars of a slot do not overlap by more than a hand-over, so the last few are enough.
  for (let place = low - 1; place >= Math.max(0, low - 4); place -= 1) {
    const ref = refs[place]!;
    const awayMs = Math.max(index.startOf(ref) - atMs, atMs - index.endOf(ref, nowMs), 0);
    if (awayMs < bestMs || (awayMs === bestMs && !best)) [best, bestMs] = [ref, awayMs];
    if (awayMs === 0) return ref;
  }
  return best;
}

/** The next or the previous bar, row by row; the first or the last of all if none is given. */
export function nextBar({ rows }: BarIndex, from: BarRef | undefined, step: 1 | -1): BarRef | undefined {
  const all = rows.flat();
  if (!from) return step === 1 ? all[0] : all.at(-1);
  const at = all.findIndex((ref) => ref.kind === from.kind && ref.at === from.at);
  return all[at + step] ?? from;
}

/** The bar of a newer answer that shows the same attempt; `undefined` if it has none. Several attempts are never the same. */
export function sameBar(before: TimelineView, ref: BarRef, after: TimelineView, index: BarIndex): BarRef | undefined {
  if (ref.kind === 'merged') return undefined;
  const attemptOf = ({ bars, running }: TimelineView, { kind, at }: BarRef): string =>
    kind === 'bar' ? `${bars.attempt[at]} ${bars.functionId[at]}` : `${running[at]!.attempt} ${running[at]!.functionId}`;
  const wanted = attemptOf(before, ref);
  for (const refs of index.rows) {
    const found = refs.find((one) => one.kind !== 'merged' && attemptOf(after, one) === wanted);
    if (found) return found;
  }
  return undefined;
}
