import type { CallStep } from './attempt.js';

/** A step of an attempt, and where it runs. `inputs` that are numbers index the steps of the whole attempt. */
export interface PlacedStep extends CallStep {
  readonly isolation: string;
}

/** Consecutive steps of an attempt that run in one isolation at one go, as indices into the attempt's steps, in order. */
export interface Segment {
  readonly isolation: string;
  readonly steps: readonly number[];
}

/**
 * Cuts the steps of an attempt into as few calls as the changes of isolation allow. Steps, and so segments, come after those they need. A
 * step's level is the number of changes on the longest path to it; steps of one level and isolation form a segment. Pure.
 */
export function segmentsOf(steps: readonly PlacedStep[]): readonly Segment[] {
  const last = steps.at(-1)!;
  if (steps.every((step) => step.isolation === last.isolation))
    return [{ isolation: last.isolation, steps: steps.map((_, index) => index) }];
  const levels: number[] = [];
  const segments = new Map<string, { isolation: string; level: number; steps: number[] }>();
  for (const [index, step] of steps.entries()) {
    let level = 0;
    for (const input of step.inputs) {
      if (typeof input === 'number') level = Math.max(level, levels[input]! + (steps[input]!.isolation === step.isolation ? 0 : 1));
    }
    levels.push(level);
    const key = `${level} ${step.isolation}`;
    const segment = segments.get(key);
    if (segment) segment.steps.push(index);
    else segments.set(key, { isolation: step.isolation, level, steps: [index] });
  }
  return [...segments.values()].sort((a, b) => a.level - b.level);
}
