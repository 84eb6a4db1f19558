// Brain: pure.
import type { TimelineView } from '../../views/view-types.js';

/** The rows of a timeline on the screen, from the top, CSS pixels. */
export interface RowBands {
  readonly rowPx: number;
  /** Where each row begins, without scrolling. */
  readonly topPx: readonly number[];
  readonly bands: readonly Band[];
  /** How high all of it is. */
  readonly heightPx: number;
}

/** The rows of one node. */
export interface Band {
  readonly node: string;
  readonly from: number;
  /** One after the last. */
  readonly to: number;
  readonly topPx: number;
  readonly bottomPx: number;
}

const [GAP_PX, SMALL_GAP_PX] = [7, 1];
const [LOW_PX, HIGH_PX] = [9, 22];

/**
 * Puts rows of one node together, with a gap before the next node. Rows are between 9 and 22 px high, as `roomPx` allows; `isSqueezed`: as
 * low as it takes to see all at a glance, down to one pixel.
 */
export function rowBands(rows: TimelineView['rows'], roomPx: number, isSqueezed = false): RowBands {
  const groups: { node: string; from: number; to: number }[] = [];
  for (const [row, { node }] of rows.entries()) {
    const last = groups.at(-1);
    if (last?.node === node) last.to = row + 1;
    else groups.push({ node, from: row, to: row + 1 });
  }
  const heightFor = (gap: number): number => (roomPx - groups.length * gap) / Math.max(1, rows.length);
  const isLow = isSqueezed && heightFor(GAP_PX) < LOW_PX;
  const gapPx = isLow ? SMALL_GAP_PX : GAP_PX;
  const rowPx = isLow ? Math.max(1, heightFor(gapPx)) : Math.floor(Math.min(HIGH_PX, Math.max(LOW_PX, heightFor(gapPx))));
  const topPx: number[] = [];
  let y = 0;
  const bands = groups.map(({ node, from, to }) => {
    const top = y;
    y += gapPx / 2;
    for (let row = from; row < to; row += 1) {
      topPx.push(y);
      y += rowPx;
    }
    y += gapPx / 2;
    return { node, from, to, topPx: top, bottomPx: y };
  });
  return { rowPx, topPx, bands, heightPx: y };
}

/** The row at `y`, scrolling included; `undefined` between nodes, above and below. */
export function rowAt({ topPx, rowPx }: RowBands, y: number): number | undefined {
  let [low, high] = [0, topPx.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const top = topPx[middle]!;
    if (y < top) high = middle - 1;
    else if (y >= top + rowPx) low = middle + 1;
    else return middle;
  }
  return undefined;
}

/** The first and one after the last row that are seen between two heights. */
export function rowsWithin({ topPx, rowPx }: RowBands, fromPx: number, toPx: number): readonly [from: number, to: number] {
  const first = topPx.findIndex((top) => top + rowPx > fromPx);
  if (first < 0) return [topPx.length, topPx.length];
  let last = first;
  while (last < topPx.length && topPx[last]! < toPx) last += 1;
  return [first, last];
}

/** Where the label of a band stands: at its top, or at the top of what is seen while a part of it is, but within it. */
export const stickyLabelPx = (band: Band, scrollPx: number, labelPx: number): number =>
  Math.min(Math.max(band.topPx, scrollPx), Math.max(band.topPx, band.bottomPx - labelPx));

/** Labels of rows: every `step`-th fits, at a line of `linePx` each. */
export const labelStep = (rowPx: number, linePx: number): number => Math.max(1, Math.ceil(linePx / rowPx));

/** A text cut to a width, with an ellipsis; `widthOf` measures. Empty if not even one letter fits. */
export function fittedText(text: string, roomPx: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= roomPx) return text;
  let [low, high] = [0, text.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${text.slice(0, middle)}…`) <= roomPx) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}

/** An id cut in its middle, so that its number is still seen; empty if there is no room for both. */
export function fittedId(id: string, roomPx: number, widthOf: (text: string) => number): string {
  if (widthOf(id) <= roomPx) return id;
  const tail = /\d{0,6}$/.exec(id)![0];
  const head = id.slice(0, id.length - tail.length);
  for (let letters = Math.min(head.length - 1, 40); letters >= 2; letters -= 1) {
    const text = `${head.slice(0, letters)}…${tail}`;
    if (widthOf(text) <= roomPx) return text;
  }
  return tail && widthOf(tail) <= roomPx ? tail : '';
}
