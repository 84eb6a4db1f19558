// Brain: pure.
import type { CriticalStep } from '../../views/view-types.js';
import { allPhasesOf } from './summary-words.js';

/** A part of the strip: one function of the critical path, or several that are too short to be seen alone. */
export interface StripPart {
  readonly steps: readonly CriticalStep[];
  readonly tookMs: number;
}

/** What part of the strip a function must take to stand alone: two pixels of a narrow screen. */
const LEAST_PART = 0.005;

/** Parts the strip. Short functions that follow each other are put together, so that there are at most some hundred parts. */
export function stripOf(path: readonly CriticalStep[]): StripPart[] {
  const total = path.reduce((sum, { phases }) => sum + allPhasesOf(phases), 0);
  const parts: { readonly steps: CriticalStep[]; tookMs: number; readonly isShort: boolean }[] = [];
  for (const step of path) {
    const tookMs = allPhasesOf(step.phases);
    const isShort = tookMs < LEAST_PART * total;
    const last = parts.at(-1);
    if (isShort && last?.isShort) {
      last.steps.push(step);
      last.tookMs += tookMs;
    } else parts.push({ steps: [step], tookMs, isShort });
  }
  return parts.map(({ steps, tookMs }) => ({ steps, tookMs }));
}

/** The longest functions of the path, in the order of the path. */
export function longestOf(path: readonly CriticalStep[], most: number): readonly CriticalStep[] {
  if (path.length <= most) return path;
  const longest = new Set([...path].sort((a, b) => allPhasesOf(b.phases) - allPhasesOf(a.phases)).slice(0, most));
  return path.filter((step) => longest.has(step));
}
