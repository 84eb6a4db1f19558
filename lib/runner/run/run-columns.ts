import type { GroupRef } from '../../actor/index.js';
import type { ClaimClass } from '../../allocator/index.js';
import { makeRoom, type RestOfWork, restAfter, resultInSteps, type StepwiseWork, withRoom } from '../../base/index.js';
import type { AttemptHandle, RemoteOutcome } from '../../executor/index.js';
import type { StoredValue } from '../../value/index.js';
import { widenState } from '../brain/growth/grow-state.js';
import type { StateColumns } from '../brain/run-state.js';

/**
 * Everything that a run has an entry of for each of its functions, by index, but for what its plan has: the one place where such columns
 * are made. Each list takes milliseconds for a million functions, so they are made in several turns. A run that grows has room beyond its
 * functions, and replaces lists of numbers by larger ones: read them from here each time.
 */
export interface RunColumns {
  /** The columns of the brain: plain data. */
  readonly state: StateColumns;
  /** The length of the longest path from each function on: the run's order. */
  paths: Float64Array;
  /** The duration of the last attempt that succeeded, ms; NaN before. */
  tookMs: Float64Array;
  /** The attempts under way, and the actors that wait for them. */
  readonly handles: (AttemptHandle<RemoteOutcome> | undefined)[];
  readonly members: (GroupRef | undefined)[];
  /** The size of each result, bytes; 0 before there is one. */
  sizes: Float64Array;
  /** The results on this node. */
  readonly held: (StoredValue | undefined)[];
}

/** Makes the columns of a run that has not begun, in steps; `state` is made by `newStateColumns`. */
export function newRunColumns(size: number, paths: Float64Array, state: StateColumns): RestOfWork<RunColumns> {
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

/** Gives every column but those of the brain an entry for each of `size` functions. */
export function growColumns(columns: RunColumns, size: number): void {
  const { handles, members, held } = columns;
  const from = held.length;
  widenColumns(columns, size);
  columns.tookMs.fill(Number.NaN, from, size);
  for (let index = from; index < size; index += 1) {
    handles.push(undefined);
    members.push(undefined);
    held.push(undefined);
  }
}

function widenColumns(columns: RunColumns, size: number): void {
  columns.paths = withRoom(columns.paths, size, 20);
  columns.tookMs = withRoom(columns.tookMs, size, 21);
  columns.sizes = withRoom(columns.sizes, size, 22);
  makeRoom(columns.handles, size, 28);
  makeRoom(columns.members, size, 29);
  makeRoom(columns.held, size, 30);
}

/**
 * Gives the columns of a run that may grow room for more, in steps: later no two of them are copied in the same turn. Returns a copy of the
 * claims of its functions that has it too.
 */
export function* roomToGrow(columns: RunColumns, claims: readonly ClaimClass[]): StepwiseWork<ClaimClass[]> {
  const size = columns.held.length;
  yield* restAfter(size);
  widenState(columns.state, size + 1);
  yield* restAfter(size);
  widenColumns(columns, size + 1);
  yield* restAfter(size);
  const kinds = claims.slice();
  makeRoom(kinds, size + 1, 31);
  return kinds;
}
