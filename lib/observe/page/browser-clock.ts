// The page's only source of time, as base/clock is that of nodes: it runs in a browser, where that one cannot be had.

/** Monotonic ms since the page was opened. */
export const nowMs = (): number => performance.now();

/** Ms since 1970, to show the time of day and nothing else. */
export const wallMs = (): number => Date.now();

/** Calls `action` once, after a delay. Returns what prevents it. */
export function after(delayMs: number, action: () => void): () => void {
  const timer = window.setTimeout(action, delayMs);
  return () => window.clearTimeout(timer);
}

/** Calls `action` at the next frame that is drawn. Returns what prevents it. */
export function onNextFrame(action: () => void): () => void {
  const frame = requestAnimationFrame(action);
  return () => cancelAnimationFrame(frame);
}
