// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { type RunIndex, rounded } from './run-index.js';
import type { TimelineRows } from './timeline-rows.js';
import type { TimelineRequest, TimelineView } from './view-types.js';

/** How many single bars, and how many runs of narrow ones, a timeline has. */
const MOST_BARS = 6000;
const MOST_MERGED = 6000;

/** So many failed or lost attempts have bars of their own, however narrow. */
const MOST_FAILURES = 2000;

/** Whether an attempt failed or was lost. What was cancelled is no failure. */
const isFailure = (outcome: number | undefined): boolean => outcome !== 0 && outcome !== 3;

/** A run of narrow bars is at most so many times as long as a bar that is not merged. */
const MERGED_BARS = 8;

/** The bars of a part of a timeline. */
export interface FoundBars {
  /** The attempts that have a bar of their own. */
  readonly rows: readonly number[];
  readonly merged: TimelineView['merged'];
  /** How many attempts of each group there are, merged ones included. */
  readonly countOf: Uint32Array;
}

/** Finds the single bars, and merges those that are narrower than a pixel. If there would be too many, wider ones are merged too. */
export function* barsOf(run: ObservedRun, index: RunIndex, rows: TimelineRows, request: TimelineRequest): StepwiseWork<FoundBars> {
  const pixelMs = (request.toMs - request.fromMs) / request.widthPx;
  for (;;) {
    const { base } = index;
    const shown = shownByRow(index, run.attempts.first, rows, request);
    yield;
    const { narrowMs: least, areFailuresSingle } = narrowestSingle(index, shown, pixelMs);
    let narrowMs = least;
    // Another view may have made room in the columns meanwhile: then everything is in another place.
    while (index.base === base) {
      const bars = mergedBars(index, shown, rows, narrowMs, areFailuresSingle);
      if (bars) return bars;
      narrowMs *= 2;
      yield;
    }
  }
}

/** Returns where in the columns of the index the attempts of this part are, row by row, in the order of their ends. */
function shownByRow(index: RunIndex, first: number, { rowOf, order }: TimelineRows, request: TimelineRequest): Int32Array {
  const { fromMs, toMs, fromRow = 0, toRow = order.length } = request;
  const { startMs, endMs, lane, base, rowsTo } = index;
  const isShown = (at: number): boolean => {
    const row = rowOf[lane[at]!]!;
    return endMs[at]! >= fromMs && startMs[at]! <= toMs && row >= fromRow && row < toRow;
  };
  const next = new Int32Array(order.length + 1);
  for (let at = first - base; at < rowsTo - base; at += 1) if (isShown(at)) next[rowOf[lane[at]!]! + 1]! += 1;
  for (let row = 1; row < next.length; row += 1) next[row]! += next[row - 1]!;
  const shown = new Int32Array(next.at(-1)!);
  for (let at = first - base; at < rowsTo - base; at += 1) if (isShown(at)) shown[next[rowOf[lane[at]!]!]!++] = at;
  return shown;
}

/** Which bars are merged: those below a width, ms, and whether failures are too. */
interface Narrowest {
  /** A pixel, or so much that no more than `MOST_BARS` have bars of their own. */
  readonly narrowMs: number;
  readonly areFailuresSingle: boolean;
}

function narrowestSingle({ startMs, endMs, outcome }: RunIndex, shown: Int32Array, pixelMs: number): Narrowest {
  let failures = 0;
  for (const at of shown) if (isFailure(outcome[at])) failures += 1;
  const areFailuresSingle = failures <= MOST_FAILURES;
  if (shown.length <= MOST_BARS) return { narrowMs: pixelMs, areFailuresSingle };
  // How many bars are at least 1, 2, 4, … pixels wide.
  const byWidth = new Int32Array(64);
  for (const at of shown) {
    const pixels = (endMs[at]! - startMs[at]!) / pixelMs;
    if (pixels >= 1) byWidth[Math.min(63, Math.floor(Math.log2(pixels)))]! += 1;
  }
  let count = areFailuresSingle ? failures : 0;
  for (let width = 63; width >= 0; width -= 1) {
    count += byWidth[width]!;
    if (count > MOST_BARS) return { narrowMs: pixelMs * 2 ** (width + 1), areFailuresSingle };
  }
  return { narrowMs: pixelMs, areFailuresSingle };
}

/** Returns `undefined` if there would be too many. */
function mergedBars(
  index: RunIndex,
  shown: Int32Array,
  { rowOf }: TimelineRows,
  narrowMs: number,
  areFailuresSingle: boolean,
): FoundBars | undefined {
  const { startMs, endMs, lane, outcome, fn, groupOf, base } = index;
  const rows: number[] = [];
  const merged = new MergedBars(index.groups.length);
  const countOf = new Uint32Array(index.groups.length);
  for (const at of shown) {
    const row = rowOf[lane[at]!]!;
    const group = groupOf[fn[at]!]!;
    const [start, end] = [startMs[at]!, endMs[at]!];
    countOf[group]! += 1;
    if (end - start >= narrowMs || (areFailuresSingle && isFailure(outcome[at]))) {
      if (rows.length === MOST_BARS) return undefined;
      rows.push(at + base);
      merged.close();
      continue;
    }
    if (!merged.goesOn(row, start, end, narrowMs)) {
      merged.close();
      if (merged.row.length === MOST_MERGED) return undefined;
      merged.begin(row, start, end);
    }
    merged.add(start, end, group, isFailure(outcome[at]));
  }
  return { rows, merged: merged.all(), countOf };
}

/** Runs of narrow bars, of which the last one may be open. */
class MergedBars {
  readonly row: number[] = [];
  readonly #startMs: number[] = [];
  readonly #endMs: number[] = [];
  readonly #group: number[] = [];
  readonly #count: number[] = [];
  readonly #filled: number[] = [];
  readonly #hasFailure: boolean[] = [];
  /** The row of the open one; -1 if none is open. */
  #openRow = -1;
  #start = 0;
  #end = 0;
  #bars = 0;
  #ms = 0;
  #failed = false;
  /** How much each group fills of the open one, and which groups do. */
  readonly #groupMs: Float64Array;
  readonly #filling: number[] = [];

  constructor(groups: number) {
    this.#groupMs = new Float64Array(groups);
  }

  /** Whether a bar belongs to the open run. It ends where nothing follows within the width of a bar. */
  goesOn(row: number, start: number, end: number, narrowMs: number): boolean {
    return this.#openRow === row && start - this.#end <= narrowMs && end - this.#start <= MERGED_BARS * narrowMs;
  }

  begin(row: number, start: number, end: number): void {
    this.#openRow = row;
    this.row.push(row);
    this.#start = start;
    this.#end = end;
    this.#bars = 0;
    this.#ms = 0;
    this.#failed = false;
  }

  add(start: number, end: number, group: number, hasFailed: boolean): void {
    if (start < this.#start) this.#start = start;
    if (end > this.#end) this.#end = end;
    this.#bars += 1;
    this.#ms += end - start;
    if (hasFailed) this.#failed = true;
    if (this.#groupMs[group] === 0) this.#filling.push(group);
    this.#groupMs[group]! += Math.max(end - start, Number.MIN_VALUE);
  }

  close(): void {
    if (this.#openRow < 0) return;
    this.#openRow = -1;
    let most = this.#filling[0]!;
    for (const group of this.#filling) if (this.#groupMs[group]! > this.#groupMs[most]!) most = group;
    for (const group of this.#filling) this.#groupMs[group] = 0;
    this.#filling.length = 0;
    this.#startMs.push(rounded(this.#start));
    this.#endMs.push(rounded(this.#end));
    this.#group.push(most);
    this.#count.push(this.#bars);
    const lengthMs = this.#end - this.#start;
    this.#filled.push(lengthMs > 0 ? rounded(Math.min(1, this.#ms / lengthMs)) : 1);
    this.#hasFailure.push(this.#failed);
  }

  all(): TimelineView['merged'] {
    this.close();
    const [startMs, endMs, group, count, filled, hasFailure] = [
      this.#startMs,
      this.#endMs,
      this.#group,
      this.#count,
      this.#filled,
      this.#hasFailure,
    ];
    return { row: this.row, startMs, endMs, group, count, filled, hasFailure };
  }
}
