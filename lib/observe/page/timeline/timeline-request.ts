// Brain: pure.
import type { TimelineRequest } from '../../views/view-types.js';
import { type TimeWindow, type Viewport, wholeOf } from './time-window.js';

/** Which rows are seen, of how many. */
export interface SeenRows {
  readonly from: number;
  /** One after the last. */
  readonly to: number;
  readonly total: number;
}

/**
 * Returns the request that `viewport` needs. It returns `asked` as long as that is enough, so that a zoom does not ask at each step. A
 * request goes half a window beyond each side, and a screenful of rows beyond the first and last, so that short pans and the growth of a
 * run need no answer. If nearly all rows are seen, it asks for all.
 */
export function requestFor(viewport: Viewport, widthPx: number, rows: SeenRows, asked: TimelineRequest | undefined): TimelineRequest {
  if (asked && isEnough(asked, viewport, widthPx, rows)) return asked;
  const { window, isGrowing } = viewport;
  const lengthMs = window.toMs - window.fromMs;
  const fromMs = Math.max(0, window.fromMs - lengthMs / 2);
  const whole = wholeOf(viewport.endMs);
  const toMs = isGrowing ? window.toMs + lengthMs / 2 : Math.min(window.toMs + lengthMs / 2, whole.toMs);
  const request = { view: 'timeline' as const, fromMs, toMs, widthPx: Math.max(1, Math.round((widthPx * (toMs - fromMs)) / lengthMs)) };
  const seen = rows.to - rows.from;
  if (seen * 3 >= rows.total) return request;
  return { ...request, fromRow: Math.max(0, rows.from - seen), toRow: Math.min(rows.total, rows.to + seen) };
}

/** Whether an answer to `asked` covers what is shown, at no less than half and no more than twice the detail that the screen has. */
function isEnough(asked: TimelineRequest, { window, endMs, isGrowing }: Viewport, widthPx: number, rows: SeenRows): boolean {
  const endOfRun = isGrowing ? Number.POSITIVE_INFINITY : wholeOf(endMs).toMs;
  if (asked.fromMs > window.fromMs + 1e-6 || asked.toMs < Math.min(window.toMs, endOfRun) - 1e-6) return false;
  if ((asked.fromRow ?? 0) > rows.from || (asked.toRow ?? rows.total) < rows.to) return false;
  // Where few rows are seen, they get more detail when they are asked for alone.
  if (asked.toRow === undefined && (rows.to - rows.from) * 3 < rows.total) return false;
  const detail = pxPerMs(asked.widthPx, asked) / pxPerMs(widthPx, window);
  return detail > 0.7 && detail < 1.6;
}

const pxPerMs = (widthPx: number, { fromMs, toMs }: TimeWindow): number => widthPx / (toMs - fromMs);
