import type { ClaimClass } from '../../allocator/index.js';
import { andThen, atOnce, type RestOfWork, type StepwiseWork } from '../../base/index.js';
import { canGrow, growingPlanOf, type Plan, type RunPlan, remainingPaths } from '../../dag/index.js';
import { newStateColumns } from '../brain/run-state.js';
import { newRunColumns, type RunColumns, roomToGrow } from '../run/run-columns.js';
import type { RunJob } from '../run/run-job.js';
import type { Estimates } from './estimates.js';
import type { RunIdentity } from './open-run.js';
import type { RunRequest } from './run-request.js';

/** What a run has an entry in for each of its functions. */
export interface RunTables {
  /** The plan of the DAG itself, or a copy that can grow. */
  readonly plan: RunPlan;
  readonly columns: RunColumns;
  readonly kinds: readonly ClaimClass[];
}

/** Makes the tables of a run that has not begun, in steps. */
export function tablesOf({ plan, kinds }: Pick<RunRequest, 'plan' | 'kinds'>, estimates: Estimates): RestOfWork<RunTables> {
  const columns = columnsOf(plan, estimates);
  return canGrow(plan.growth) ? growingTables(plan, kinds, columns) : andThen(columns, (made) => atOnce({ plan, kinds, columns: made }));
}

function columnsOf(plan: Plan, estimates: Estimates): RestOfWork<RunColumns> {
  return andThen(estimates.of(plan), (estimated) =>
    andThen(
      remainingPaths(plan, (index) => estimated[index]!),
      (paths) =>
        andThen(newStateColumns(plan.shape), (state) => {
          const known = { paths, positions: plan.positions, meanMs: meanOf(estimated) };
          return newRunColumns(plan.size, known, state);
        }),
    ),
  );
}

/** Sums up a million in a millisecond. */
function meanOf(estimates: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < estimates.length; index += 1) sum += estimates[index]!;
  return estimates.length === 0 ? 0 : sum / estimates.length;
}

function* growingTables(plan: Plan, claims: readonly ClaimClass[], ofDag: RestOfWork<RunColumns>): StepwiseWork<RunTables> {
  const growing = yield* growingPlanOf(plan);
  const columns = yield* ofDag;
  return { plan: growing, columns, kinds: yield* roomToGrow(columns, claims) };
}

/** Returns the job of a run. Written out: a spread would be a hidden class of its own for each run. */
export function jobOf(
  { options, inputs, constants }: RunRequest,
  { runId, epoch = 0, recorder, files, since, past, recordGrowth }: RunIdentity,
  { plan, kinds }: RunTables,
  { runnerName, shelf, insides, trace, isInner, ended }: JobBeside,
): RunJob {
  return {
    runId,
    runnerName,
    shelf,
    plan,
    options,
    kinds,
    inputs,
    constants,
    epoch,
    recorder,
    files,
    since,
    past,
    recordGrowth,
    insides,
    trace,
    isInner,
    ended,
  };
}

/** What a job has besides. */
type JobBeside = Pick<RunJob, 'runnerName' | 'shelf' | 'insides' | 'trace' | 'isInner' | 'ended'>;
