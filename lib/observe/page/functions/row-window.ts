// Brain: pure.

/** The height of a row of the table, px. The style sheet has it as `--row`. */
export const ROW_PX = 32;

/** The tallest content that every browser scrolls, px: Firefox ends at 17.8 million. */
const TALLEST_PX = 15_000_000;

/** How many rows are drawn above and below those that are seen. */
const MARGIN = 8;

/** The rows of one request, at most: a multiple of `STEP`. */
const PAGE = 200;
const STEP = 50;

/** Which rows are drawn, and how much room the others take. */
export interface RowWindow {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
  readonly abovePx: number;
  readonly belowPx: number;
}

/** The height of all rows. A list that is taller than browsers scroll is squeezed: its scroll bar stands for more. */
export const contentPx = (rows: number): number => Math.min(rows * ROW_PX, TALLEST_PX);

/** How many rows fit, at least in part. */
const seenRows = (heightPx: number): number => Math.ceil(heightPx / ROW_PX) + 1;

/** The number of the row at the top for each px that is scrolled, in a list that is squeezed. */
const rowsPerPx = (rows: number, heightPx: number): number =>
  Math.max(0, rows - seenRows(heightPx) + 1) / Math.max(1, contentPx(rows) - heightPx);

const isSqueezed = (rows: number): boolean => rows * ROW_PX > TALLEST_PX;

/** The rows that are drawn when so much is scrolled away. */
export function rowWindow(rows: number, scrolledPx: number, heightPx: number): RowWindow {
  const tallPx = contentPx(rows);
  const scrolled = Math.min(Math.max(0, scrolledPx), Math.max(0, tallPx - heightPx));
  const top = isSqueezed(rows) ? Math.round(scrolled * rowsPerPx(rows, heightPx)) : Math.floor(scrolled / ROW_PX);
  const first = Math.max(0, Math.min(top, rows - 1) - MARGIN);
  const end = Math.min(rows, top + seenRows(heightPx) + MARGIN);
  const abovePx = isSqueezed(rows) ? Math.max(0, scrolled - (top - first) * ROW_PX) : first * ROW_PX;
  return { first, end, abovePx, belowPx: Math.max(0, tallPx - abovePx - (end - first) * ROW_PX) };
}

/** How far to scroll so that a row is seen; what is given if it is. */
export function scrollToRow(rows: number, row: number, scrolledPx: number, heightPx: number): number {
  if (isSqueezed(rows)) {
    const scale = rowsPerPx(rows, heightPx);
    const top = Math.round(scrolledPx * scale);
    const last = seenRows(heightPx) - 2;
    if (row >= top && row <= top + last) return scrolledPx;
    return Math.max(0, row < top ? row : row - last) / scale;
  }
  const topPx = row * ROW_PX;
  if (topPx < scrolledPx) return topPx;
  return Math.max(scrolledPx, topPx + ROW_PX - heightPx);
}

/** Which rows to ask for, so that those of the window are among them and the next few as well. */
export function pageOf({ first, end }: Pick<RowWindow, 'first' | 'end'>): { readonly offset: number; readonly limit: number } {
  const middle = (first + end) / 2;
  const offset = Math.max(0, Math.round((middle - PAGE / 2) / STEP) * STEP);
  return { offset, limit: PAGE };
}
