import { type Clock, doInTurns, type StepwiseWork } from '../../../base/index.js';
import { type Journal, type RecordedRun, runDamaged } from '../../../journal/index.js';
import type { FunctionState } from '../../brain/function-state.js';
import type { Progress } from '../../brain/messages.js';
import { NO_PROGRESS } from '../../brain/progress.js';
import type { AttemptHistory } from '../../observed/attempt-history.js';
import { observedErrorOf } from '../../observed/observed-error.js';
import type { NotRun, ObservedError, ObservedLine, ObservedRun, ObservedRunState, ObservedWait } from '../../observed/observed-run.js';
import { liveError } from '../../run/live-errors.js';
import { errorOfSummary, type RecordedSummary, unpackSummary } from '../record/record-end.js';
import type { RunHistory } from '../record/record-reader.js';
import { readRecord } from '../record/run-record.js';
import { RecordedAttempts } from './recorded-attempts.js';
import { RecordedFunctions } from './recorded-functions.js';
import { hasRecordedSuccess, recordedFailureOf, recordedStates, tableOf } from './recorded-states.js';

/** How many functions are looked at in one step. */
const FUNCTIONS_IN_STEP = 1000;

/**
 * Reads a run of a journal, as a person may look at it. Rejects as `readGroups` does, and with `HANDOFF_STORAGE_FAILED` for a run whose
 * plan is not recorded, as its first opening has not come to its end.
 */
export async function observeRun(journal: Journal, recorded: RecordedRun, clock: Clock): Promise<ObservedRun> {
  const { key, runId } = recorded;
  if (recorded.isDamaged) throw runDamaged(key, runId, 'its row cannot be read');
  const history = await readRecord(journal, recorded, clock, true);
  if (!history) throw runDamaged(key, runId, 'its plan is not recorded');
  return doInTurns(observeRecord(history, recorded, clock.wallNow()));
}

/**
 * Makes a run of its record, as a person may look at it, in steps. It has what is recorded: functions, what they need, successes with their
 * phases, failures, and how it ended. Its lines, attempts that failed, and what functions waited for are not recorded.
 */
function* observeRecord(history: RunHistory, recorded: RecordedRun, nowMs: number): StepwiseWork<ObservedRun> {
  const functions = new RecordedFunctions(history);
  yield;
  const { error } = summaryOf(recorded);
  const goesOn = history.opening.options.onFailure === 'continue';
  const states = recordedStates(functions, history, { state: recorded.state, failedId: error?.functionId, goesOn });
  yield;
  const attempts = yield* recordedAttempts(functions, history, recorded.startedAtMs);
  return new RecordedObservation(functions, history, recorded, states, attempts, nowMs);
}

/** A run as its journal has it. */
class RecordedObservation implements ObservedRun {
  readonly runId: string;
  readonly dagId: string;
  readonly key: string;
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  readonly notRun: NotRun;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly version = 1;
  readonly error: ObservedError | undefined;
  readonly size: number;
  readonly attempts: AttemptHistory;
  readonly #functions: RecordedFunctions;
  readonly #history: RunHistory;
  readonly #states: readonly FunctionState[];
  readonly #failedId: string | undefined;
  #indices: ReadonlyMap<string, number> | undefined;
  #consumers: readonly (readonly number[])[] | undefined;

  constructor(
    functions: RecordedFunctions,
    history: RunHistory,
    recorded: RecordedRun,
    states: readonly FunctionState[],
    attempts: AttemptHistory,
    nowMs: number,
  ) {
    const { error } = summaryOf(recorded);
    this.#functions = functions;
    this.#history = history;
    this.#states = states;
    this.#failedId = error?.functionId;
    this.runId = recorded.runId;
    this.dagId = recorded.dagId;
    this.key = recorded.key;
    this.driver = recorded.node;
    this.state = recorded.state === 'interrupted' ? 'cancelled' : recorded.state;
    this.progress = progressOfStates(states);
    this.startedAtMs = recorded.startedAtMs;
    this.elapsedMs = elapsedOf(recorded, attempts, nowMs);
    this.size = functions.all.length;
    this.notRun = { journal: 0, cache: functions.all.filter((one) => isRemembered(one, history)).length };
    this.attempts = attempts;
    this.error = recorded.state === 'interrupted' ? INTERRUPTED : error && observedErrorOf(errorOfSummary(error, recorded));
  }

  idOf(index: number): string {
    return this.#functions.all[index]!.id;
  }

  indexOf(functionId: string): number | undefined {
    this.#indices ??= new Map(this.#functions.all.map(({ id }, index) => [id, index]));
    return this.#indices.get(functionId);
  }

  stateOf(index: number): FunctionState {
    return this.#states[index]!;
  }

  attemptOf(index: number): number {
    const [one, history] = [this.#functions.all[index]!, this.#history];
    const [successes, , number] = tableOf(one, history);
    return hasRecordedSuccess(one, history) ? successes.attemptOf(number) : (recordedFailureOf(one, history)?.attempt ?? 0);
  }

  nodeOf(index: number): string | undefined {
    const one = this.#functions.all[index]!;
    const [successes, , number] = tableOf(one, this.#history);
    return hasRecordedSuccess(one, this.#history) ? successes.nodeOf(number) : undefined;
  }

  startedMsOf(): undefined {
    return undefined;
  }

  isolationOf(index: number): string {
    const { entry } = this.#functions.all[index]!;
    const { options, option } = this.#history.dag;
    const own = entry >= 0 ? options[option[entry]!]?.isolation : undefined;
    return own ?? (this.#functions.isPlain(index) ? 'loop' : 'thread');
  }

  codeOf(index: number): string {
    return this.#functions.codeOf(index);
  }

  producersOf(index: number): readonly number[] {
    return this.#functions.producersOf(index);
  }

  consumersOf(index: number): readonly number[] {
    this.#consumers ??= this.#allConsumers();
    return this.#consumers[index]!;
  }

  partOf(index: number): number | undefined {
    return this.#functions.all[index]!.by;
  }

  sizeBytesOf(index: number): number | undefined {
    const one = this.#functions.all[index]!;
    const [successes, , number] = tableOf(one, this.#history);
    return hasRecordedSuccess(one, this.#history) ? successes.sizeOf(number) : undefined;
  }

  sourceOf(index: number): 'run' | 'cache' | undefined {
    if (this.#states[index] !== 'succeeded') return undefined;
    return isRemembered(this.#functions.all[index]!, this.#history) ? 'cache' : 'run';
  }

  errorOf(index: number): ObservedError | undefined {
    const one = this.#functions.all[index]!;
    if (this.#states[index] !== 'failed') return undefined;
    const failure = recordedFailureOf(one, this.#history)?.failure;
    if (failure) return observedErrorOf(liveError(failure));
    return one.id === this.#failedId ? this.error : undefined;
  }

  skippedFor(index: number): 'not-taken' | 'producer-failed' | undefined {
    if (this.#states[index] !== 'skipped') return undefined;
    const isHit = (state: FunctionState): boolean => state === 'failed' || state === 'skipped';
    return this.state === 'failed' && this.producersOf(index).some((one) => isHit(this.#states[one]!)) ? 'producer-failed' : 'not-taken';
  }

  waitOf(index: number): ObservedWait | undefined {
    if (this.#states[index] !== 'waiting') return undefined;
    const producers = this.producersOf(index).filter((one) => this.#states[one] === 'waiting');
    return producers.length === 0
      ? undefined
      : { for: 'producers', sinceMs: 0, producers: producers.slice(0, MOST_PRODUCERS), lacking: [] };
  }

  linesOf(): readonly ObservedLine[] {
    return [];
  }

  #allConsumers(): readonly (readonly number[])[] {
    const consumers = Array.from({ length: this.size }, (): number[] => []);
    for (let index = 0; index < this.size; index += 1) for (const producer of this.producersOf(index)) consumers[producer]!.push(index);
    return consumers;
  }
}

/** A success without an attempt was remembered. */
function isRemembered(one: RecordedFunctions['all'][number], history: RunHistory): boolean {
  const [successes, , number] = tableOf(one, history);
  return hasRecordedSuccess(one, history) && successes.attemptOf(number) === 0;
}

/** How many producers are named that a function waits for. */
const MOST_PRODUCERS = 100;

/** Why a run that was left by its driver is where it is. */
const INTERRUPTED: ObservedError = {
  name: 'Interrupted',
  message: 'no node drives the run any more: it goes on when it is executed with its key again, or resumed',
};

function summaryOf({ summary }: RecordedRun): RecordedSummary {
  try {
    return unpackSummary(summary);
  } catch {
    return { total: 0, succeeded: 0 };
  }
}

function progressOfStates(states: readonly FunctionState[]): Progress {
  const progress = { ...NO_PROGRESS, total: states.length };
  for (const state of states) {
    if (state === 'succeeded' || state === 'failed' || state === 'skipped' || state === 'cancelled') progress[state] += 1;
    else progress.waiting += 1;
  }
  return progress;
}

/** From the first start to the end. Of a run that was interrupted, to the last that is recorded of it: a success, or that it was opened. */
function elapsedOf({ state, startedAtMs, openedAtMs, endedAtMs }: RecordedRun, attempts: AttemptHistory, nowMs: number): number {
  if (endedAtMs !== undefined) return Math.max(0, endedAtMs - startedAtMs);
  if (state === 'running') return Math.max(0, nowMs - startedAtMs);
  const lastMs = attempts.count > attempts.first ? attempts.row(attempts.count - 1).endMs : 0;
  return Math.max(lastMs, openedAtMs - startedAtMs);
}

/** The successes in the order of their ends. Those without times, of older records, are in totals only. */
function* recordedAttempts({ all }: RecordedFunctions, history: RunHistory, startedAtMs: number): StepwiseWork<AttemptHistory> {
  const timed: { readonly index: number; readonly endMs: number }[] = [];
  const attempts = new RecordedAttempts((index) => all[index]!.id);
  for (let index = 0; index < all.length; index += 1) {
    const one = all[index]!;
    if (index % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    if (!hasRecordedSuccess(one, history) || isRemembered(one, history)) continue;
    const [successes, , number] = tableOf(one, history);
    const end = successes.timesOf(number);
    if (end === undefined) attempts.addUntimed(index, successes.tookMsOf(number));
    else timed.push({ index, endMs: Math.max(0, end.endedAtMs - startedAtMs) });
  }
  timed.sort((a, b) => a.endMs - b.endMs);
  yield;
  for (const [at, { index, endMs }] of timed.entries()) {
    if (at % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    const [successes, , number] = tableOf(all[index]!, history);
    const { slot, phases } = successes.timesOf(number)!;
    attempts.addTimed(index, successes.attemptOf(number), successes.nodeOf(number), slot, endMs, phases);
  }
  return attempts;
}
