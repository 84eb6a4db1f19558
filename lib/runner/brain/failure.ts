// Brain: pure.

import { coverOf, earlyFailure, endEarly, isOptional } from './growth/parts.js';
import { consumed, skipDependents } from './lineage.js';
import type { RunCommand } from './messages.js';
import { endRun, finishIfSettled } from './run-end.js';
import type { ErrorData, RunFault } from './run-fault.js';
import { announceEnd, type Moment, move, type RunState, stamp } from './run-state.js';

/** How many errors of a function's attempts are kept: the latest ones. */
export const ATTEMPT_ERRORS_KEPT = 100;

/** Returns the error of a function that will not succeed in this run. */
export function failureOf(state: RunState, index: number, message: string, cause: ErrorData): RunFault {
  const { plan, runId } = state;
  return {
    code: 'HANDOFF_FUNCTION_FAILED',
    message,
    dagId: plan.dagId,
    runId,
    functionId: plan.ids[index]!,
    node: state.nodes[index],
    attempts: state.failures[index]!,
    attemptErrors: withError(state, index, cause),
    cause,
  };
}

/** Returns the errors of a function's attempts with one more. */
export function withError(state: RunState, index: number, error: ErrorData): readonly ErrorData[] {
  return [...(state.attemptErrors.get(index) ?? []), error].slice(-ATTEMPT_ERRORS_KEPT);
}

/** The function will not succeed in this run. */
export function fail(state: RunState, index: number, failure: RunFault, at: Moment, out: RunCommand[]): void {
  move(state, index, 'failed', at);
  state.attemptErrors.delete(index);
  const functionId = state.plan.ids[index]!;
  if (isRecorded(state)) out.push({ type: 'record-failure', index });
  announceEnd(out, { ...stamp(state, at), type: 'function-failed', functionId, attempt: state.attempts[index]!, error: failure }, index);
  consumed(state, index, out);
  if (isTolerated(state, index, failure, at)) return finishIfSettled(state, out);
  state.failed.push(failure);
  if (state.policy.onFailure === 'abort') return endRun(state, 'failure', state.policy.stopGraceMs, at, out);
  if (state.growth === undefined) skipDependents(state, index, at, out);
  else state.growth.ended.push(index);
  finishIfSettled(state, out);
}

/** A failure does not end the run if the function is optional, or an expansion that it is within: then that ends, and the rest of it. */
function isTolerated(state: RunState, index: number, failure: RunFault, at: Moment): boolean {
  const { growth } = state;
  if (growth === undefined) return false;
  if (isOptional(state, index)) state.absent.add(index);
  else {
    const cover = coverOf(state, index);
    if (cover < 0) return false;
    endEarly(state, cover, earlyFailure(state, cover, failure, at));
  }
  state.tolerated.push(failure);
  growth.ended.push(index);
  return true;
}

/** Whether the run has a journal that can be written. */
export const isRecorded = ({ journal }: RunState): boolean => journal === 'batched' || journal === 'strict';
