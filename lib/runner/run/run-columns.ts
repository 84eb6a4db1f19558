import type { GroupRef } from '../../actor/index.js';
import { type RestOfWork, resultInSteps } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import type { AttemptHandle, RemoteOutcome } from '../../executor/index.js';
import type { StoredValue } from '../../value/index.js';
import type { StateColumns } from '../brain/run-state.js';

/**
 * Everything that a run has an entry of for each of its functions, by index, but for what its plan has: the one place where such columns
 * are made. Each list takes milliseconds for a million functions, so they are made in several turns.
 */
export interface RunColumns {
  /** The columns of the brain: plain data. */
  readonly state: StateColumns;
  /** The length of the longest path from each function on: the run's order. */
  readonly paths: Float64Array;
  /** The duration of the last attempt that succeeded, ms; NaN before. */
  readonly tookMs: Float64Array;
  /** The attempts under way, and the actors that wait for them. */
  readonly handles: (AttemptHandle<RemoteOutcome> | undefined)[];
  readonly members: (GroupRef | undefined)[];
  /** The size of each result, bytes; 0 before there is one. */
  readonly sizes: Float64Array;
  /** The results on this node. */
  readonly held: (StoredValue | undefined)[];
}

/** Makes the columns of a run that has not begun, in steps; `state` is made by `newStateColumns`. */
export function newRunColumns({ size }: Plan, paths: Float64Array, state: StateColumns): RestOfWork<RunColumns> {
  const tookMs = new Float64Array(size);
  const fill = (from: number, to: number): void => void tookMs.fill(Number.NaN, from, to);
  return resultInSteps(size, fill, () => ({
    state,
    paths,
    tookMs,
    handles: new Array(size).fill(undefined),
    members: new Array(size).fill(undefined),
    sizes: new Float64Array(size),
    held: new Array(size).fill(undefined),
  }));
}
