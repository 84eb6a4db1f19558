import type { GroupRef } from '../../actor/index.js';
import { filledList, inSteps, type StepwiseWork } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import type { AttemptHandle, RemoteOutcome } from '../../executor/index.js';
import type { StoredValue } from '../../value/index.js';
import { newStateColumns, planShapeOf, type StateColumns } from '../brain/run-state.js';

/**
 * Everything that a run has an entry of for each of its functions, by index, but for what its plan has: the one place where such columns
 * are made. Each takes milliseconds for a million functions, so they are made in steps.
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

/** Makes the columns of a run that has not begun, in steps. */
export function* newRunColumns(plan: Plan, paths: Float64Array): StepwiseWork<RunColumns> {
  const { size } = plan;
  const state = yield* newStateColumns(planShapeOf(plan));
  const handles = yield* filledList<RunColumns['handles'][number]>(size, undefined);
  const members = yield* filledList<RunColumns['members'][number]>(size, undefined);
  const held = yield* filledList<RunColumns['held'][number]>(size, undefined);
  const tookMs = new Float64Array(size);
  yield* inSteps(size, (from, to) => void tookMs.fill(Number.NaN, from, to));
  return { state, paths, tookMs, handles, members, sizes: new Float64Array(size), held };
}
