import type { RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import { type RunResults, runResultsOf } from '../remember/run-results.js';
import { CodeRefusals, type RefusableRun } from './code/code-refusals.js';
import { type AttemptsOf, FunctionAttempts } from './function-attempts.js';
import { type RunGrowth, runGrowthOf } from './growth/run-growth.js';
import { MeasuredAttempts } from './measured-attempts.js';
import { NodeReturnWaits } from './node-return-waits.js';
import { RemoteSide, type RunOfRemoteSide } from './remote-side.js';
import type { RunColumns } from './run-columns.js';
import type { RunDeps, RunJob } from './run-job.js';
import { type RunRecords, runRecordsOf } from './run-records.js';
import { RunSpans } from './run-spans.js';
import { RunTimers } from './run-timers.js';
import { Arguments } from './values/arguments.js';
import { AskedInputs } from './values/asked-facts.js';
import { RunValues } from './values/run-values.js';

/** What a run is made of, besides its state and its events. Each part performs some of the commands of the brain. */
export interface DagRunParts {
  readonly attempts: FunctionAttempts;
  readonly measured: MeasuredAttempts;
  readonly places: NodeReturnWaits;
  readonly values: RunValues;
  readonly farSide: RemoteSide;
  readonly codeRefusals: CodeRefusals;
  readonly growth: RunGrowth | undefined;
  readonly records: RunRecords | undefined;
  readonly timers: RunTimers;
  readonly askedInputs: AskedInputs | undefined;
  /** Missing in a run that looks no results up. */
  readonly results: RunResults | undefined;
}

/** Makes the parts of a run that has not begun. */
export function dagRunParts(run: RunOfParts, columns: RunColumns, deps: RunDeps, orphaned: AttemptsOf['orphaned']): DagRunParts {
  const { order, runId, epoch, state } = run;
  const { plan, options } = order;
  const mayRetry = (index: number): boolean => (plan.retries.get(index)?.maxRetries ?? options.maxRetries) > 0;
  const askedInputs = plan.growth && new AskedInputs(plan, order.inputs, deps);
  const { inputs } = askedInputs ?? order;
  const { shelf, files } = order;
  const values = new RunValues({ runId, epoch, plan, shelf, columns, inputs, state, files, mayRetry }, deps);
  const { allocation, clock, logger } = deps;
  const feed = (happening: RunHappening): void => run.feed(happening);
  const codeRefusals = new CodeRefusals(run, allocation);
  const farSide = new RemoteSide(run, values, deps, feed, codeRefusals);
  const taken = (index: number): void => {
    values.drop(index);
    farSide.release(index, plan.ids[index]!);
  };
  const feedAll = (happenings: readonly RunHappening[]): void => run.feedAll(happenings);
  const results = runResultsOf(order, { state, values, inputs, feedAll }, deps);
  const growth = plan.added && runGrowthOf(order, columns, deps, { state, values, feed, taken });
  const measured = new MeasuredAttempts(state, columns, deps.meter);
  const attempts = new FunctionAttempts(
    {
      job: order,
      columns,
      state,
      values,
      feed,
      startedHere: (index) => measured.startedHere(index),
      arguments: new Arguments(plan, values, order.constants, results !== undefined),
      results,
      remoteSide: farSide,
      spans: order.trace && new RunSpans(order.trace, state.plan),
      sinceOf: (index) => (growth ? growth.sinceOf(index) : order.since?.[index]),
      orphaned,
    },
    deps,
  );
  const waiting = { allocation, clock, logger, ids: plan.ids, isResumed: order.past !== undefined };
  return {
    attempts,
    measured,
    places: new NodeReturnWaits(order.kinds, options.lostNodeWaitMs, waiting, feed),
    values,
    farSide,
    codeRefusals,
    growth,
    records: runRecordsOf(order, { state, values, feed }, deps),
    timers: new RunTimers(clock, feed),
    askedInputs,
    results,
  };
}

/** The run is over: nothing is waited for any more. */
export function closeParts({ attempts, timers, places, askedInputs, growth, results }: DagRunParts): void {
  attempts.ahead.close();
  timers.clear();
  places.close();
  askedInputs?.close();
  growth?.close();
  results?.close();
}

/** The run, as its parts see it. */
interface RunOfParts extends RefusableRun, RunOfRemoteSide {
  readonly order: RunJob;
  readonly state: RunState;
  feed(happening: RunHappening): void;
  feedAll(happenings: readonly RunHappening[]): void;
}
