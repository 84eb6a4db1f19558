import type { RecordedState } from '../../../journal/index.js';
import type { FunctionState } from '../../brain/function-state.js';
import type { RunHistory } from '../record/record-reader.js';
import type { RecordedFunction, RecordedFunctions } from './recorded-functions.js';

/** Why functions of a recorded run have not succeeded, as far as its record shows it. */
export interface RecordedEnd {
  readonly state: RecordedState;
  /** The function whose failure ended it. */
  readonly failedId: string | undefined;
  /** Whether it went on after failures. */
  readonly goesOn: boolean;
}

/**
 * Returns the states of the functions of a recorded run, by index. For a function without a record, the end of the run decides. In a run
 * that completed it was not taken. In one that went on after failures it needed what failed. In one that has not ended it waits.
 */
export function recordedStates(functions: RecordedFunctions, history: RunHistory, end: RecordedEnd): FunctionState[] {
  const { all } = functions;
  const states: FunctionState[] = all.map((one) => stateInRecord(one, history, end));
  // Parts have higher indices than what they are parts of.
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const parts = functions.parts.get(index);
    if (!parts || states[index] === 'failed') continue;
    let isWhole = true;
    for (let at = parts.first; isWhole && at < parts.first + parts.count; at += 1) isWhole = isOver(states[at]!, all[at]!, history);
    states[index] = isWhole ? 'succeeded' : restState(end);
  }
  if (end.goesOn && end.state === 'failed') return states.map((state) => (state === 'cancelled' ? 'skipped' : state));
  return states;
}

/** Whether a part is nothing that its map or expansion still waits for. */
const isOver = (state: FunctionState, one: RecordedFunction, history: RunHistory): boolean =>
  state === 'succeeded' || state === 'skipped' || (state === 'failed' && recordedFailureOf(one, history) !== undefined);

function stateInRecord(one: RecordedFunction, history: RunHistory, end: RecordedEnd): FunctionState {
  if (hasRecordedSuccess(one, history)) return 'succeeded';
  const [, failed, number] = tableOf(one, history);
  return failed.has(number) || (end.state === 'failed' && one.id === end.failedId) ? 'failed' : restState(end);
}

function restState({ state }: RecordedEnd): FunctionState {
  if (state === 'completed') return 'skipped';
  return state === 'failed' || state === 'cancelled' ? 'cancelled' : 'waiting';
}

/** Whether a function has a recorded success that holds. */
export function hasRecordedSuccess(one: RecordedFunction, history: RunHistory): boolean {
  const [successes, failed, number] = tableOf(one, history);
  return successes.epochOf(number) >= Math.max(1, one.since) && !failed.has(number);
}

/** The failure of a function without which the run went on. */
export function recordedFailureOf(one: RecordedFunction, history: RunHistory): ReturnType<RunHistory['failed']['get']> {
  const [, failed, number] = tableOf(one, history);
  return failed.get(number);
}

/** What is recorded of successes and failures, and the number that a function has there. */
export function tableOf(
  { entry }: RecordedFunction,
  history: RunHistory,
): readonly [RunHistory['successes'], RunHistory['failed'], number] {
  const { parts } = history;
  return entry >= 0 ? [history.successes, history.failed, entry] : [parts.successes, parts.failed, ~entry];
}
