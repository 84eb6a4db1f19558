import type { NodePhases } from './attempt.js';

/**
 * Returns the phases that an isolation or a worker reports, each property read once; `undefined` if they are not numbers of milliseconds.
 * What is left out is 0. May throw what reading a property throws.
 */
export function checkedPhases(given: unknown): NodePhases | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { loadMs = 0, runMs = 0, packMs = 0 } = given as Readonly<Record<string, unknown>>;
  return isMs(loadMs) && isMs(runMs) && isMs(packMs) ? { loadMs, runMs, packMs } : undefined;
}

const isMs = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
