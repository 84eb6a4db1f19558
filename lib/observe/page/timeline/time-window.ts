// Brain: pure.
/** A part of the time axis, ms since the run started. `fromMs` is less than `toMs`. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What the timeline shows. `whole`: all of the run, however it grows. `following`: its newest part, of the same length, so that the right
 * edge moves. `free`: where the user has put it.
 */
export interface Viewport {
  readonly mode: 'whole' | 'following' | 'free';
  readonly window: TimeWindow;
  /** How long the run has taken so far. */
  readonly endMs: number;
  readonly isGrowing: boolean;
}

/** What a user, or the run, does to a timeline. Factors above 1 show more time. */
export type ViewportEvent =
  | { readonly type: 'zoom'; readonly atMs: number; readonly factor: number }
  | { readonly type: 'pan'; readonly byMs: number }
  | { readonly type: 'show'; readonly window: TimeWindow }
  | { readonly type: 'show-whole' }
  | { readonly type: 'show-start' }
  | { readonly type: 'show-end' }
  | { readonly type: 'run-grew'; readonly endMs: number; readonly isGrowing: boolean };

/** The shortest part that can be shown: ten microseconds, below which clocks say nothing. */
export const SHORTEST_MS = 0.01;
/** The room right of the newest attempt, as a part of the window, so that the moving edge is seen. */
const ROOM = 0.03;

/** A timeline that shows the whole of a run of this length. */
export const wholeRun = (endMs: number, isGrowing: boolean): Viewport => ({
  mode: 'whole',
  window: wholeOf(endMs),
  endMs,
  isGrowing,
});

/** All that there is to see of a run of this length. */
export const wholeOf = (endMs: number): TimeWindow => ({ fromMs: 0, toMs: Math.max(endMs, 1) * (1 + ROOM) });

const lengthOf = ({ fromMs, toMs }: TimeWindow): number => toMs - fromMs;

/** The window moved and cut so that it lies within the run and is at least `SHORTEST_MS` long. */
function within(window: TimeWindow, endMs: number): TimeWindow {
  const whole = wholeOf(endMs);
  const length = Math.min(Math.max(lengthOf(window), SHORTEST_MS), whole.toMs);
  const fromMs = Math.min(Math.max(window.fromMs, 0), whole.toMs - length);
  return { fromMs, toMs: fromMs + length };
}

/** The newest part of a run, of this length. */
function newest(lengthMs: number, endMs: number): TimeWindow {
  const toMs = endMs + lengthMs * ROOM;
  return within({ fromMs: toMs - lengthMs, toMs }, endMs);
}

/** A viewport that shows `window`: `whole` if that is all, `following` if it ends at the right edge of a run that grows. */
function shown(viewport: Viewport, given: TimeWindow): Viewport {
  const { endMs, isGrowing } = viewport;
  const window = within(given, endMs);
  const whole = wholeOf(endMs);
  if (lengthOf(window) >= lengthOf(whole) * 0.999) return { ...viewport, mode: 'whole', window: whole };
  const isAtEdge = isGrowing && window.toMs >= newest(lengthOf(window), endMs).toMs - lengthOf(window) * 0.001;
  return { ...viewport, mode: isAtEdge ? 'following' : 'free', window };
}

/** The viewport after an event. A zoom leaves the time at `atMs` where it is on the screen. */
export function moveViewport(viewport: Viewport, event: ViewportEvent): Viewport {
  const { window, endMs } = viewport;
  switch (event.type) {
    case 'zoom': {
      const length = Math.min(Math.max(lengthOf(window) * event.factor, SHORTEST_MS), lengthOf(wholeOf(endMs)));
      if (viewport.mode === 'following' && event.atMs >= endMs) return { ...viewport, window: newest(length, endMs) };
      const part = Math.min(Math.max((event.atMs - window.fromMs) / lengthOf(window), 0), 1);
      const fromMs = window.fromMs + part * (lengthOf(window) - length);
      return shown(viewport, { fromMs, toMs: fromMs + length });
    }
    case 'pan':
      return shown(viewport, { fromMs: window.fromMs + event.byMs, toMs: window.toMs + event.byMs });
    case 'show':
      return shown(viewport, event.window);
    case 'show-whole':
      return wholeRun(endMs, viewport.isGrowing);
    case 'show-start':
      return shown(viewport, { fromMs: 0, toMs: lengthOf(window) });
    case 'show-end':
      return shown(viewport, newest(lengthOf(window), endMs));
    case 'run-grew': {
      const grown = { ...viewport, endMs: event.endMs, isGrowing: event.isGrowing };
      if (viewport.mode === 'whole') return { ...grown, window: wholeOf(event.endMs) };
      if (viewport.mode === 'free') return grown;
      return { ...grown, mode: event.isGrowing ? 'following' : 'free', window: newest(lengthOf(window), event.endMs) };
    }
  }
}
