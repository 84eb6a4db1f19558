// Brain: pure.
import type { ThrownData } from '../../value/index.js';
import { holdsClaim, isFinal } from './function-state.js';
import { stopGrowing } from './growth/parts.js';
import { cancel } from './lineage.js';
import type { RunCommand } from './messages.js';
import type { ErrorData, RunFault } from './run-fault.js';
import { isSettled, type Moment, type RunState, requestTurn } from './run-state.js';

/** Ends the run: nothing new starts, running attempts are stopped, and the run ends with the last of them. The first reason counts. */
export function endRun(state: RunState, because: 'failure' | ThrownData, graceMs: number, at: Moment, out: RunCommand[]): void {
  const isFirst = state.ending === undefined;
  // Then cancelling begins with the turn that the run has already asked for.
  const { awaitsTurn } = state;
  const stopByMs = at.nowMs + graceMs;
  state.ending = state.ending ? { ...state.ending, stopByMs: Math.min(state.ending.stopByMs, stopByMs) } : { because, stopByMs };
  state.phase = 'ending';
  if (isFirst) {
    state.fetching.clear();
    state.restsUntilMs.clear();
    if (state.growth !== undefined) stopGrowing(state.growth);
  }
  stopAttempts(state, graceMs, out);
  if (isFirst && !awaitsTurn) cancelMore(state, at, out);
  finishIfSettled(state, out);
}

/** Few functions hold a claim, however many there are. */
function stopAttempts(state: RunState, graceMs: number, out: RunCommand[]): void {
  const reason = stopReasonOf(state);
  let left = state.counts.placed + state.counts.running;
  for (let index = 0; left > 0; index += 1) {
    if (!holdsClaim(state.states[index]!)) continue;
    out.push({ type: 'stop-attempt', index, attempt: state.attempts[index]!, reason, graceMs });
    left -= 1;
  }
}

/** How many functions are cancelled in one turn when a run is ending. They take some 2 µs each. */
const CANCELLED_AT_ONCE = 4000;

/** Cancels functions that have not started, some thousands at a time. A million at once would block the event loop for seconds. */
export function cancelMore(state: RunState, at: Moment, out: RunCommand[], most = CANCELLED_AT_ONCE): void {
  const { size } = state.plan;
  let left = most;
  for (; state.cancelledTo < size && left > 0; state.cancelledTo += 1) {
    const function_ = state.states[state.cancelledTo]!;
    // What is about to be recorded, is: it has succeeded.
    if (isFinal(function_) || holdsClaim(function_) || function_ === 'recording') continue;
    cancel(state, state.cancelledTo, at, out);
    left -= 1;
  }
  if (state.cancelledTo < size) requestTurn(state, out);
}

/** Like `endRun`, at once and for this reason, whatever the reason before. */
export function abandonRun(state: RunState, because: ThrownData, at: Moment, out: RunCommand[]): void {
  if (state.ending) state.ending = { ...state.ending, because };
  giveUpRecording(state, at, out);
  endRun(state, because, 0, at, out);
  cancelMore(state, at, out, state.plan.size);
  finishIfSettled(state, out);
}

/** Nothing can be recorded any more: what waits for its record has succeeded in vain, and the run ends. */
export function journalLost(state: RunState, because: ThrownData, at: Moment, out: RunCommand[]): void {
  giveUpRecording(state, at, out);
  endRun(state, because, 0, at, out);
}

function giveUpRecording(state: RunState, at: Moment, out: RunCommand[]): void {
  if (state.journal !== 'none') state.journal = 'lost';
  for (const index of [...state.recording.keys()]) cancel(state, index, at, out);
  state.recording.clear();
}

/** Ends the run if every function has ended and every wanted value is there. */
export function finishIfSettled(state: RunState, out: RunCommand[]): void {
  if (!isSettled(state) || state.phase === 'ended' || (state.phase === 'open' && isRecalling(state))) return;
  // A failing run keeps no values, so it waits for none. With `continue` it wants what there is.
  if (state.fetching.size > 0 && state.phase !== 'ending') return;
  state.phase = 'ended';
  out.push({ type: 'end-run', error: reasonOf(state) });
}

/** Whether recorded successes are still taken over: what of them is needed and is nowhere has not been found out. */
const isRecalling = ({ recalled, growth, droppedTo }: RunState): boolean =>
  recalled !== undefined && (growth?.isRecalling === true || droppedTo < recalled.successes.length);

/** Returns the reason for attempts that are stopped because the run is ending. */
export const stopReasonOf = ({ ending, failed }: RunState): ErrorData => (ending!.because === 'failure' ? failed[0]! : ending!.because);

/** Returns why the run ends, or ended, without success; `undefined` if there is no reason. */
export function reasonOf({ ending, failed }: RunState): ErrorData | undefined {
  if (ending && ending.because !== 'failure') return ending.because;
  return failed[0] && withFailures(failed[0], failed);
}

/** Returns the first failure with all failures in `failures`. The announced one is not changed. */
const withFailures = (first: RunFault, failures: readonly RunFault[]): RunFault => ({ ...first, failures: [...failures] });
