import type { GroupRef } from '../../actor/index.js';
import type { ClaimClass } from '../../allocator/index.js';
import { inSteps, makeRoom, type RestOfWork, restAfter, resultInSteps, type StepwiseWork, withRoom } from '../../base/index.js';
import type { AttemptHandle, RemoteOutcome } from '../../executor/index.js';
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
  /** The length of the longest path from each function on: says what is urgent. */
  paths: Float64Array;
  /** The place of each function in the depth-first order: that of the plan, or the run's own if it grows. Missing if it is the index. */
  positions: Int32Array | Float64Array | undefined;
  /** How long a function takes on average, as estimated when the run began. */
  readonly meanMs: number;
  /** The duration of the last attempt that succeeded, ms; NaN before. */
  tookMs: Float64Array;
  /** When it became ready, monotonic ms; NaN unless it waits for the end of an attempt, or for one. */
  readyMs: Float64Array;
  /** When its latest attempt was asked for; NaN before the first. */
  askedMs: Float64Array;
  /** The number of its latest attempt that is over, in the history of the run; -1 before. */
  rows: Int32Array;
  /** The attempts under way, and the actors that wait for them. */
  readonly handles: (AttemptHandle<RemoteOutcome> | undefined)[];
  readonly members: (GroupRef | undefined)[];
  /** The size of each result, bytes; 0 before there is one. */
  sizes: Float64Array;
}

/** What is known of the functions of a run before it begins: see `RunColumns`. */
export type KnownOfRun = Pick<RunColumns, 'paths' | 'positions' | 'meanMs'>;

/** Makes the columns of a run that has not begun, in steps; `state` is made by `newStateColumns`. */
export function newRunColumns(size: number, { paths, positions, meanMs }: KnownOfRun, state: StateColumns): RestOfWork<RunColumns> {
  const tookMs = new Float64Array(size);
  const readyMs = new Float64Array(size);
  const askedMs = new Float64Array(size);
  const rows = new Int32Array(size);
  const fill = (from: number, to: number): void => {
    tookMs.fill(Number.NaN, from, to);
    readyMs.fill(Number.NaN, from, to);
    askedMs.fill(Number.NaN, from, to);
    rows.fill(-1, from, to);
  };
  return resultInSteps(size, fill, () => ({
    state,
    paths,
    positions,
    meanMs,
    tookMs,
    readyMs,
    askedMs,
    rows,
    handles: new Array(size).fill(undefined),
    members: new Array(size).fill(undefined),
    sizes: new Float64Array(size),
  }));
}

/** Gives every column but those of the brain an entry for each of `size` functions. */
export function growColumns(columns: RunColumns, size: number): void {
  const { handles, members } = columns;
  const from = members.length;
  widenColumns(columns, size);
  columns.tookMs.fill(Number.NaN, from, size);
  columns.readyMs.fill(Number.NaN, from, size);
  columns.askedMs.fill(Number.NaN, from, size);
  columns.rows.fill(-1, from, size);
  for (let index = from; index < size; index += 1) {
    handles.push(undefined);
    members.push(undefined);
  }
}

function widenColumns(columns: RunColumns, size: number): void {
  columns.paths = withRoom(columns.paths, size, 20);
  columns.positions = withRoom(columns.positions as Float64Array, size, 20.25);
  columns.tookMs = withRoom(columns.tookMs, size, 21);
  columns.sizes = withRoom(columns.sizes, size, 22);
  columns.readyMs = withRoom(columns.readyMs, size, 3);
  columns.askedMs = withRoom(columns.askedMs, size, 20.5);
  columns.rows = withRoom(columns.rows, size, 21.5);
  makeRoom(columns.handles, size, 28);
  makeRoom(columns.members, size, 29);
}

/**
 * Gives the columns of a run that may grow room for more, in steps: later no two of them are copied in the same turn. Returns a copy of the
 * claims of its functions that has it too.
 */
export function* roomToGrow(columns: RunColumns, claims: readonly ClaimClass[]): StepwiseWork<ClaimClass[]> {
  const size = columns.members.length;
  yield* ownPositions(columns, size);
  yield* restAfter(size);
  widenState(columns.state, size + 1);
  yield* restAfter(size);
  widenColumns(columns, size + 1);
  yield* restAfter(size);
  const kinds = claims.slice();
  makeRoom(kinds, size + 1, 31);
  return kinds;
}

/** The parts of a run have places between those of the functions of its DAG. */
function ownPositions(columns: RunColumns, size: number): RestOfWork<void> {
  const { positions } = columns;
  const own = new Float64Array(size);
  columns.positions = own;
  return inSteps(size, (from, to) => {
    for (let index = from; index < to; index += 1) own[index] = positions ? positions[index]! : index;
  });
}
