// Brain: pure.
import type { ThrownData } from '../../value/index.js';
import { holdsClaim, isFinal } from './function-state.js';
import type { RunCommand } from './messages.js';
import type { ErrorData, RunFault } from './run-fault.js';
import { announce, isSettled, type Moment, move, type RunState, stamp } from './run-state.js';

/** Ends the run: nothing new starts, running attempts are stopped, and the run ends with the last of them. The first reason counts. */
export function endRun(state: RunState, because: 'failure' | ThrownData, graceMs: number, at: Moment, out: RunCommand[]): void {
  const isFirst = state.ending === undefined;
  const stopByMs = at.nowMs + graceMs;
  state.ending = state.ending ? { ...state.ending, stopByMs: Math.min(state.ending.stopByMs, stopByMs) } : { because, stopByMs };
  state.phase = 'ending';
  if (isFirst) {
    state.fetching.clear();
    state.restsUntilMs.clear();
  }
  const reason = stopReasonOf(state);
  for (let index = 0; index < state.plan.size; index += 1) {
    const function_ = state.states[index]!;
    if (holdsClaim(function_)) out.push({ type: 'stop-attempt', index, attempt: state.attempts[index]!, reason, graceMs });
    // What is about to be recorded, is: it has succeeded.
    else if (isFirst && !isFinal(function_) && function_ !== 'recording') cancel(state, index, at, out);
  }
  finishIfSettled(state, out);
}

/** Like `endRun`, at once and for this reason, whatever the reason before. */
export function abandonRun(state: RunState, because: ThrownData, at: Moment, out: RunCommand[]): void {
  if (state.ending) state.ending = { ...state.ending, because };
  giveUpRecording(state, at, out);
  endRun(state, because, 0, at, out);
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

/** The function will not run again, as the run is ending. */
export function cancel(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'cancelled', at);
  announce(out, { ...stamp(state, at), type: 'function-cancelled', functionId: state.plan.ids[index]! });
}

/** Ends the run if every function has ended and every wanted value is there. */
export function finishIfSettled(state: RunState, out: RunCommand[]): void {
  if (!isSettled(state) || state.phase === 'ended') return;
  // A failing run keeps no values, so it waits for none. With `continue` it wants what there is.
  if (state.fetching.size > 0 && state.phase !== 'ending') return;
  state.phase = 'ended';
  out.push({ type: 'end-run', error: reasonOf(state) });
}

/** Returns the reason for attempts that are stopped because the run is ending. */
export const stopReasonOf = ({ ending, failed }: RunState): ErrorData => (ending!.because === 'failure' ? failed[0]! : ending!.because);

/** Returns why the run ends, or ended, without success; `undefined` if there is no reason. */
export function reasonOf({ ending, failed }: RunState): ErrorData | undefined {
  if (ending && ending.because !== 'failure') return ending.because;
  return failed[0] && withFailures(failed[0], failed);
}

/** Returns the first failure with all failures in `failures`. The announced one is not changed. */
const withFailures = (first: RunFault, failures: readonly RunFault[]): RunFault => ({ ...first, failures: [...failures] });
