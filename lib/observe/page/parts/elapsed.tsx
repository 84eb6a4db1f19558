import { useEffect, useState } from 'preact/hooks';
import { after, nowMs } from '../browser-clock.js';
import { elapsedText } from '../format/amounts.js';

/** How long something has gone on, counted on by the page between answers. A screen reader is not told of each tick. */
export function Elapsed({ ms, atMs, isRunning }: { readonly ms: number; readonly atMs: number; readonly isRunning: boolean }) {
  const [now, setNow] = useState(nowMs);
  const elapsedMs = isRunning ? ms + Math.max(0, now - atMs) : ms;
  useEffect(() => {
    if (!isRunning) return undefined;
    return after(elapsedMs < 10_000 ? 100 : 1_000 - (elapsedMs % 1_000) + 5, () => setNow(nowMs()));
  }, [isRunning, now, ms, atMs]);
  return <span class="number">{elapsedText(elapsedMs)}</span>;
}
