import type { WirePhases } from '../../peer/index.js';
import type { NodePhases } from '../attempts/attempt.js';
import { phasesOf } from '../attempts/node-phases.js';

/** Returns the phases of an attempt that was queued here for `waitMs` and then took `tookMs`, for its driver. */
export function phasesForWire(given: NodePhases | undefined, tookMs: number, waitMs: number): WirePhases {
  if (!given && waitMs === 0) return null;
  const { fetchMs = 0, loadMs, runMs, packMs } = phasesOf(given, tookMs);
  return [waitMs, fetchMs, loadMs, runMs, packMs];
}

/** Reads phases that came from another node. */
export function phasesFromWire(phases: WirePhases): NodePhases | undefined {
  if (phases === null) return undefined;
  const [waitMs, fetchMs, loadMs, runMs, packMs] = phases;
  return { waitMs, fetchMs, loadMs, runMs, packMs };
}
