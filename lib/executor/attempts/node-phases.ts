import type { NodePhases } from './attempt.js';

/** Returns the phases of an attempt that took `tookMs`. If it has not measured any, all of that was the function itself. */
export const phasesOf = (phases: NodePhases | undefined, tookMs: number): NodePhases => phases ?? { loadMs: 0, runMs: tookMs, packMs: 0 };

/** Adds what a call took to what was before it in the same attempt. Returns `undefined` if neither has phases. */
export function plusPhases(
  before: NodePhases | undefined,
  tookMsBefore: number,
  phases: NodePhases | undefined,
  tookMs: number,
): NodePhases | undefined {
  if (!(before || phases)) return undefined;
  const a = phasesOf(before, tookMsBefore);
  const b = phasesOf(phases, tookMs);
  return { loadMs: a.loadMs + b.loadMs, runMs: a.runMs + b.runMs, packMs: a.packMs + b.packMs };
}

/** Adds to an outcome how long arguments were gathered. Of a failure or of a success only: nothing is told of others. */
export function withFetch<O extends EndOfAttempt>(outcome: O, fetchMs: number): O {
  if (fetchMs === 0 || (outcome.type !== 'succeeded' && outcome.type !== 'failed')) return outcome;
  return { ...outcome, phases: { ...phasesOf(outcome.phases, outcome.tookMs ?? 0), fetchMs } };
}

/** The end of an attempt, as far as its phases go. */
interface EndOfAttempt {
  readonly type: string;
  readonly tookMs?: number;
  readonly phases?: NodePhases | undefined;
}
