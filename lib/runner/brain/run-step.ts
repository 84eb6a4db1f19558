// Brain: pure.
import { HandoffError, isError, textOf } from '../../base/index.js';
import { holdsClaim, isFinal } from './function-state.js';
import { consumed, dropUnneeded, skipDependents, skipIfDoomed, toleratesMiss, valuesLost, waitAgain } from './lineage.js';
import type { RunCommand, RunEvent, RunHappening } from './messages.js';
import { restMs } from './retry.js';
import { announce, announceWaiting, type Moment, move, type RunState, ready, stamp } from './run-state.js';

/** How many functions become ready in one turn when a run begins; they take some 5 µs each. */
const BEGUN_AT_ONCE = 2000;

/** How many errors of a function's attempts are kept, the latest. */
export const ATTEMPT_ERRORS_KEPT = 100;

/** A function that was running on so many nodes when they were lost is given up. */
const POISONOUS_LOSSES = 3;

/**
 * The brain of a run: applies one happening to `state` and adds what is to be done to `out`. The answers of attempts that are not the
 * current one are counted and dropped. Pure but for `state` and `out`.
 */
export function stepRun(state: RunState, happening: RunHappening, at: Moment, out: RunCommand[]): void {
  if (state.phase === 'ended') {
    state.stale += 1;
    return;
  }
  switch (happening.type) {
    case 'run-begun':
      return begin(state, at, out);
    case 'turn-taken':
      return beginMore(state, at, out);
    case 'function-placed':
      return place(state, happening.index, happening.node, at, out);
    case 'functions-waited':
      return announceWaiting(state, happening, at, out);
    case 'placement-refused':
      if (state.states[happening.index] !== 'ready') return;
      move(state, happening.index, 'failed', at);
      return end(state, happening.error, 0, at, out);
    case 'node-missed':
      return nodeMissed(state, happening, at, out);
    case 'values-lost':
      valuesLost(state, happening.indices, at, out);
      return finishIfSettled(state, out);
    case 'value-fetched':
      state.fetching -= 1;
      return finishIfSettled(state, out);
    case 'value-missing':
      return valueMissing(state, happening, at, out);
    case 'run-ending':
      return end(state, happening.error, happening.graceMs, at, out);
    default:
      if (state.attempts[happening.index] !== happening.attempt) state.stale += 1;
      else if (happening.type === 'function-rested') rested(state, happening.index, at, out);
      else if (!holdsClaim(state.states[happening.index]!)) state.stale += 1;
      else attemptHappened(state, happening, at, out);
  }
}

/** What must be done again after the DagRunner was restarted: its function actors ended with it, their attempts did not. */
export function recoverRun(state: RunState): RunCommand[] {
  const commands: RunCommand[] = [];
  for (let index = 0; index < state.plan.size; index += 1) {
    if (holdsClaim(state.states[index]!)) commands.push({ type: 'start-attempt', index, attempt: state.attempts[index]! });
  }
  return commands;
}

function begin(state: RunState, at: Moment, out: RunCommand[]): void {
  state.startedMs = at.nowMs;
  const { runId, plan } = state;
  announce(out, { runId, dagId: plan.dagId, atMs: at.wallMs, type: 'run-started', total: plan.size });
  state.begunTo = 0;
  beginMore(state, at, out);
  if (state.plan.size === 0) finish(state, out);
}

/** Those that need no other become ready, some thousands at a time: a million at once would hold up the event loop for seconds. */
function beginMore(state: RunState, at: Moment, out: RunCommand[]): void {
  if (state.phase !== 'open') return;
  const { size } = state.plan;
  let left = BEGUN_AT_ONCE;
  for (; state.begunTo < size && left > 0; state.begunTo += 1) {
    if (state.missing[state.begunTo] !== 0) continue;
    ready(state, state.begunTo, at, out);
    left -= 1;
  }
  if (state.begunTo < size) out.push({ type: 'take-turn' });
}

function place(state: RunState, index: number, node: string, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'ready' || state.phase !== 'open') {
    state.stale += 1;
    out.push({ type: 'free-claim', index });
    return;
  }
  move(state, index, 'placed', at);
  state.nodes[index] = node;
  state.attempts[index]! += 1;
  out.push({ type: 'start-attempt', index, attempt: state.attempts[index]! });
}

function attemptHappened(state: RunState, happening: Extract<RunHappening, { attempt: number }>, at: Moment, out: RunCommand[]): void {
  const { index, attempt } = happening;
  const functionId = state.plan.ids[index]!;
  const { runId } = state;
  const { dagId } = state.plan;
  switch (happening.type) {
    case 'attempt-started': {
      if (state.states[index] !== 'placed') return;
      move(state, index, 'started', at);
      const event: RunEvent = { type: 'function-started', runId, dagId, atMs: at.wallMs, functionId, attempt, node: state.nodes[index]! };
      out.push({ type: 'announce', event });
      return;
    }
    case 'attempt-succeeded': {
      const { node, tookMs, sizeBytes, isHere } = happening.receipt;
      free(index, out);
      move(state, index, 'succeeded', at);
      const event: RunEvent = { type: 'function-succeeded', runId, dagId, atMs: at.wallMs, functionId, attempt, node, tookMs, sizeBytes };
      out.push({ type: 'announce', event });
      if (!isHere && state.policy.collected[index] === 1 && state.phase === 'open') {
        state.fetching += 1;
        out.push({ type: 'fetch-value', index, attempt });
      }
      return succeeded(state, index, at, out);
    }
    case 'attempt-failed': {
      free(index, out);
      return failed(state, happening, at, out);
    }
    case 'argument-lost':
      free(index, out);
      if (state.phase !== 'open') return cancelled(state, index, at, out);
      return argumentLost(state, happening, at, out);
    case 'attempt-stopped':
      free(index, out);
      return cancelled(state, index, at, out);
    case 'attempt-declined':
    case 'attempt-lost':
      free(index, out);
      if (state.phase !== 'open') return cancelled(state, index, at, out);
      if (happening.type === 'attempt-lost') return lost(state, index, at, out);
      if (state.states[index] === 'placed') state.attempts[index]! -= 1;
      return askAgain(state, index, 'declined', at, out);
  }
}

function cancelled(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'cancelled', at);
  announce(out, { ...stamp(state, at), type: 'function-cancelled', functionId: state.plan.ids[index]! });
  finishIfSettled(state, out);
}

/** The node is gone that ran it. A function to which that happens again and again may be what kills them. */
function lost(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan, runId } = state;
  const functionId = plan.ids[index]!;
  const node = state.nodes[index]!;
  const wasRunning = state.states[index] === 'running';
  announce(out, { ...stamp(state, at), type: 'function-lost', functionId, attempt: state.attempts[index]!, node });
  const nodes = state.lostOn.get(index) ?? [];
  if (wasRunning) state.lostOn.set(index, [...nodes, node]);
  if (!wasRunning || nodes.length + 1 < POISONOUS_LOSSES) return askAgain(state, index, 'node-lost', at, out);
  const names = [...nodes, node].map((name) => `"${name}"`).join(', ');
  const cause = new HandoffError('HANDOFF_NODE_LOST', `Nodes ${names} were lost while they ran function "${functionId}"`, {
    functionId,
    node,
  });
  const message = `Function "${functionId}" failed: nodes ${names} were lost while they ran it`;
  const { dagId } = plan;
  const fields = { dagId, runId, functionId, node, attempts: state.failures[index]!, attemptErrors: withError(state, index, cause), cause };
  fail(state, index, new HandoffError('HANDOFF_FUNCTION_FAILED', message, fields), at, out);
}

/** Nobody is left who could run it. */
function nodeMissed(
  state: RunState,
  { index, node, waitedMs, isMember = false }: Extract<RunHappening, { type: 'node-missed' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.states[index] !== 'ready' || state.phase !== 'open') {
    state.stale += 1;
    return;
  }
  const { runId } = state;
  const { dagId, ids } = state.plan;
  const functionId = ids[index]!;
  const how = isMember ? 'did not run it when it was asked, nor' : 'is gone and has not come back';
  const gone = `node "${node}", the only one that could run it, ${how} within ${waitedMs} ms`;
  const cause = new HandoffError('HANDOFF_NODE_LOST', `Function "${functionId}" has no node: ${gone}`, { functionId, node });
  const fields = { dagId, runId, functionId, node, attempts: state.failures[index]!, attemptErrors: withError(state, index, cause), cause };
  out.push({ type: 'withdraw-claim', index });
  fail(state, index, new HandoffError('HANDOFF_FUNCTION_FAILED', `Function "${functionId}" failed: ${gone}`, fields), at, out);
}

function askAgain(state: RunState, index: number, event: 'declined' | 'node-lost', at: Moment, out: RunCommand[]): void {
  const wasRunning = state.states[index] === 'running';
  move(state, index, event, at);
  if (state.missing[index]! > 0) return waitForLost(state, index, at, out);
  if (wasRunning) announce(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]! });
  out.push({ type: 'request-claim', index });
}

function succeeded(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  state.hasValue[index] = 1;
  if (state.attemptErrors.size > 0) state.attemptErrors.delete(index);
  if (state.phase === 'open') {
    for (let position = plan.dependentsStart[index]!; position < plan.dependentsStart[index + 1]!; position += 1) {
      const dependent = plan.dependents[position]!;
      state.missing[dependent]! -= 1;
      if (state.missing[dependent] === 0 && state.states[dependent] === 'waiting') ready(state, dependent, at, out);
    }
  }
  consumed(state, index, out);
  dropUnneeded(state, index, out);
  finishIfSettled(state, out);
}

/** A node lives that does not have what it made. */
function valueMissing(
  state: RunState,
  { index, attempt, error }: Extract<RunHappening, { type: 'value-missing' }>,
  at: Moment,
  out: RunCommand[],
): void {
  state.fetching -= 1;
  // Otherwise it is known to be lost, and is being made again.
  if (state.attempts[index] === attempt && state.hasValue[index] === 1 && state.phase === 'open') {
    if (!toleratesMiss(state, index)) return end(state, error, state.policy.stopGraceMs, at, out);
    valuesLost(state, [index], at, out);
  }
  finishIfSettled(state, out);
}

function argumentLost(state: RunState, happening: Extract<RunHappening, { type: 'argument-lost' }>, at: Moment, out: RunCommand[]): void {
  const { index, producer, attempt, error } = happening;
  if (state.hasValue[producer] === 1 && !toleratesMiss(state, producer)) {
    return failed(state, { type: 'attempt-failed', index, attempt, error, final: true, random: 0 }, at, out);
  }
  move(state, index, 'argument-lost', at);
  valuesLost(state, [producer], at, out);
  if (state.missing[index] === 0) ready(state, index, at, out);
  else skipIfDoomed(state, index, at, out);
  finishIfSettled(state, out);
}

function waitForLost(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  waitAgain(state, index, at, out);
  finishIfSettled(state, out);
}

function failed(state: RunState, happening: Extract<RunHappening, { type: 'attempt-failed' }>, at: Moment, out: RunCommand[]): void {
  const { index, attempt, error } = happening;
  const { plan } = state;
  const functionId = plan.ids[index]!;
  const spec = plan.specs[index]!;
  state.failures[index]! += 1;
  const attemptErrors = withError(state, index, error);
  const failures = state.failures[index]!;
  if (!happening.final && failures <= (spec.maxRetries ?? state.policy.maxRetries) && state.phase === 'open') {
    move(state, index, 'attempt-failed', at);
    state.attemptErrors.set(index, attemptErrors);
    const delayMs = restMs(failures, spec.retry, happening.random);
    announce(out, { ...stamp(state, at), type: 'function-resting', functionId, attempt, error: asError(error), delayMs });
    out.push({ type: 'rest-function', index, attempt, delayMs });
    return;
  }
  const after = failures === 1 ? '' : ` after ${failures} attempts`;
  const failure = new HandoffError('HANDOFF_FUNCTION_FAILED', `Function "${functionId}" failed${after}: ${textOf(error)}`, {
    dagId: plan.dagId,
    runId: state.runId,
    functionId,
    node: state.nodes[index],
    attempts: failures,
    attemptErrors,
    cause: error,
  });
  fail(state, index, failure, at, out);
}

/** The errors of a function's attempts, with one more. */
function withError(state: RunState, index: number, error: unknown): unknown[] {
  return [...(state.attemptErrors.get(index) ?? []), error].slice(-ATTEMPT_ERRORS_KEPT);
}

/** The function will not succeed in this run. */
function fail(state: RunState, index: number, failure: HandoffError, at: Moment, out: RunCommand[]): void {
  move(state, index, 'failed', at);
  state.failed.push(failure);
  state.attemptErrors.delete(index);
  const functionId = state.plan.ids[index]!;
  announce(out, { ...stamp(state, at), type: 'function-failed', functionId, attempt: state.attempts[index]!, error: failure });
  consumed(state, index, out);
  if (state.policy.onFailure === 'abort') return end(state, failure, state.policy.stopGraceMs, at, out);
  skipDependents(state, index, at, out);
  finishIfSettled(state, out);
}

function rested(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'resting') {
    state.stale += 1;
    return;
  }
  move(state, index, 'rested', at);
  // What it needs was lost while it rested.
  if (state.missing[index]! > 0) return waitForLost(state, index, at, out);
  announce(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]! });
  out.push({ type: 'request-claim', index });
}

/** Nothing new starts; what is under way is stopped, and the run ends when the last attempt has. The first reason stays. */
function end(state: RunState, error: HandoffError, graceMs: number, at: Moment, out: RunCommand[]): void {
  const first = state.phase === 'open';
  if (first) {
    state.phase = 'closing';
    state.error = error;
  }
  for (let index = 0; index < state.plan.size; index += 1) {
    const function_ = state.states[index]!;
    if (holdsClaim(function_)) {
      out.push({ type: 'stop-attempt', index, attempt: state.attempts[index]!, reason: state.error!, graceMs });
    } else if (first && !isFinal(function_)) {
      move(state, index, 'cancelled', at);
      announce(out, { ...stamp(state, at), type: 'function-cancelled', functionId: state.plan.ids[index]! });
    }
  }
  finishIfSettled(state, out);
}

function finishIfSettled(state: RunState, out: RunCommand[]): void {
  if (state.settled < state.plan.size || state.phase === 'ended') return;
  // A run that fails keeps nothing, so it waits for nothing either; but `continue` wants what there is.
  if (state.fetching === 0 || state.phase === 'closing') finish(state, out);
}

function finish(state: RunState, out: RunCommand[]): void {
  state.phase = 'ended';
  const [first] = state.failed;
  if (first && (!state.error || state.error === first)) state.error = withFailures(state.failed);
  const { error } = state;
  out.push({ type: 'end-run', error });
}

/** The first failure once more, with all of them in `failures`; that one itself stays as it was announced. */
function withFailures(failures: readonly HandoffError[]): HandoffError {
  const { message, code, dagId, runId, functionId, node, attempts, attemptErrors, cause, stack } = failures[0]!;
  const fields = { dagId, runId, functionId, node, attempts, attemptErrors, cause, failures: [...failures] };
  const error = new HandoffError(code, message, fields);
  error.stack = stack;
  return error;
}

function free(index: number, out: RunCommand[]): void {
  out.push({ type: 'free-claim', index });
}

function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(textOf(thrown), { cause: thrown });
}
