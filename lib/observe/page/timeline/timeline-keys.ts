// Brain: pure.
import type { TimeWindow, ViewportEvent } from './time-window.js';

/** What a key does to a timeline. */
export type TimelineKey =
  | { readonly type: 'move'; readonly event: ViewportEvent }
  | { readonly type: 'scroll'; readonly rows: number }
  | { readonly type: 'choose'; readonly step: 1 | -1 }
  | { readonly type: 'open' }
  | { readonly type: 'clear' };

/** What a key means; `undefined` if nothing. Zooms go around the middle of what is shown. */
export function timelineKey(key: string, { fromMs, toMs }: TimeWindow): TimelineKey | undefined {
  const lengthMs = toMs - fromMs;
  const zoom = (factor: number): TimelineKey => ({ type: 'move', event: { type: 'zoom', atMs: (fromMs + toMs) / 2, factor } });
  switch (key) {
    case 'ArrowLeft':
      return { type: 'move', event: { type: 'pan', byMs: -lengthMs / 8 } };
    case 'ArrowRight':
      return { type: 'move', event: { type: 'pan', byMs: lengthMs / 8 } };
    case 'ArrowUp':
      return { type: 'scroll', rows: -2 };
    case 'ArrowDown':
      return { type: 'scroll', rows: 2 };
    case 'PageUp':
      return { type: 'scroll', rows: -12 };
    case 'PageDown':
      return { type: 'scroll', rows: 12 };
    case '+':
    case '=':
      return zoom(0.6);
    case '-':
    case '_':
      return zoom(1 / 0.6);
    case '0':
      return { type: 'move', event: { type: 'show-whole' } };
    case 'Home':
      return { type: 'move', event: { type: 'show-start' } };
    case 'End':
      return { type: 'move', event: { type: 'show-end' } };
    case '.':
      return { type: 'choose', step: 1 };
    case ',':
      return { type: 'choose', step: -1 };
    case 'Enter':
      return { type: 'open' };
    case 'Escape':
      return { type: 'clear' };
    default:
      return undefined;
  }
}
