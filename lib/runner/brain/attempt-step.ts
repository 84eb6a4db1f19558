// Brain: pure.
import { consumerOf, firstEdge, NO_EDGE, nextEdge, type RetryRules } from '../../dag/index.js';
import { fail, failureOf, isRecorded, withError } from './failure.js';
import { holdArguments, isFragile } from './fragile-values.js';
import { openExpansion } from './growth/growing.js';
import { countSize, isStopping, noteFacts, parentOf } from './growth/parts.js';
import { cancelPart, consumed, dropUnneeded, skipIfDoomed, toleratesMiss, valuesLost, waitAgain } from './lineage.js';
import type { Receipt, RunAnnouncement, RunCommand, RunHappening } from './messages.js';
import { restMs } from './retry.js';
import { endRun, finishIfSettled } from './run-end.js';
import type { RunFault } from './run-fault.js';
import { announce, announceEnd, type Moment, move, type RunState, ready, setSource, stamp } from './run-state.js';

/** A function is given up after this many nodes were lost while they ran it. */
const POISONOUS_LOSSES = 3;

/** Applies an event of the current attempt. The function holds its claim. */
export function attemptHappened(
  state: RunState,
  happening: Extract<RunHappening, { attempt: number }>,
  at: Moment,
  out: RunCommand[],
): void {
  const { index, attempt } = happening;
  const functionId = state.plan.ids[index]!;
  const { runId } = state;
  const { dagId } = state.plan;
  switch (happening.type) {
    case 'attempt-started': {
      if (state.states[index] !== 'placed') return;
      move(state, index, 'started', at);
      const event: RunAnnouncement = {
        type: 'function-started',
        runId,
        dagId,
        atMs: at.wallMs,
        functionId,
        attempt,
        node: state.nodes[index]!,
      };
      out.push({ type: 'announce', event });
      return;
    }
    case 'attempt-succeeded': {
      const { receipt } = happening;
      free(state, index, out);
      if (isRecorded(state)) out.push({ type: 'record-success', index, attempt, receipt });
      if (state.journal === 'strict' || (isRecorded(state) && state.plan.growth?.expansions.has(index))) {
        // Nothing of a DAG runs before it is on disk: its expansion is never asked for another one.
        return waitForRecord(state, index, receipt, at);
      }
      return made(state, index, receipt, at, out);
    }
    case 'attempt-failed':
      if (!happening.keepsClaim) free(state, index, out);
      return failed(state, happening, at, out);
    case 'argument-lost':
      free(state, index, out);
      if (isStopping(state, index)) return cancelled(state, index, at, out);
      return argumentLost(state, happening, at, out);
    case 'attempt-stopped':
      if (!happening.keepsClaim) free(state, index, out);
      return cancelled(state, index, at, out);
    case 'attempt-declined':
    case 'attempt-lost':
      free(state, index, out);
      if (isStopping(state, index)) return cancelled(state, index, at, out);
      if (happening.type === 'attempt-lost') return lost(state, index, at, out);
      if (state.states[index] === 'placed') state.attempts[index]! -= 1;
      return askAgain(state, index, 'declined', at, out);
  }
}

/** The result of a function is remembered: it need not run. */
export function remembered(
  state: RunState,
  { index, node, sizeBytes, isHere, gist, split }: Extract<RunHappening, { type: 'result-remembered' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.states[index] !== 'looking-up' || state.phase !== 'open') return;
  state.nodes[index] = node;
  const receipt: Receipt = { node, sizeBytes, tookMs: 0, isHere, isRemembered: true, ...(gist && { gist }), ...(split && { split }) };
  if (isRecorded(state)) out.push({ type: 'record-success', index, attempt: state.attempts[index]!, receipt });
  if (state.journal === 'strict') return waitForRecord(state, index, receipt, at);
  move(state, index, 'remembered', at);
  madeItsValue(state, index, receipt, at, out);
}

function waitForRecord(state: RunState, index: number, receipt: Receipt, at: Moment): void {
  move(state, index, 'made', at);
  state.recording.set(index, receipt);
  state.hasValue[index] = 1;
}

/** A success is on disk: what it made may be used from now on. */
export function recorded(state: RunState, index: number, attempt: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'recording' || state.attempts[index] !== attempt) return;
  const receipt = state.recording.get(index)!;
  state.recording.delete(index);
  made(state, index, receipt, at, out);
}

/** What the function has made may be used from now on. */
function made(state: RunState, index: number, receipt: Receipt, at: Moment, out: RunCommand[]): void {
  if (state.plan.growth?.expansions.has(index)) return openExpansion(state, index, receipt, at, out);
  move(state, index, state.states[index] === 'recording' ? 'recorded' : 'succeeded', at);
  madeItsValue(state, index, receipt, at, out);
}

/** The function has succeeded: tells so, and goes on with those that wait for it. */
function madeItsValue(state: RunState, index: number, receipt: Receipt, at: Moment, out: RunCommand[]): void {
  const { plan, runId } = state;
  const { node, tookMs, sizeBytes, isHere, isRemembered } = receipt;
  const attempt = state.attempts[index]!;
  if (state.journal !== 'none' && isFragile(receipt)) holdArguments(state, index);
  const event: RunAnnouncement = {
    type: 'function-succeeded',
    runId,
    dagId: plan.dagId,
    atMs: at.wallMs,
    functionId: plan.ids[index]!,
    attempt,
    node,
    tookMs,
    sizeBytes,
    source: isRemembered ? 'cache' : 'run',
  };
  if (isRemembered) setSource(state, index, 2);
  if (isRemembered) announce(out, event);
  else announceEnd(out, event, index);
  if (!isHere && state.policy.collected[index] === 1 && state.phase === 'open') {
    state.fetching.set(index, attempt);
    out.push({ type: 'fetch-value', index, attempt });
  }
  succeeded(state, index, receipt, at, out);
}

function cancelled(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  cancelPart(state, index, at, out);
  finishIfSettled(state, out);
}

/** The node that ran it is gone. A function to which that happens repeatedly may be the cause. */
function lost(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const functionId = state.plan.ids[index]!;
  const node = state.nodes[index]!;
  const wasRunning = state.states[index] === 'running';
  announce(out, { ...stamp(state, at), type: 'function-lost', functionId, attempt: state.attempts[index]!, node });
  const nodes = state.lostOn.get(index) ?? [];
  if (wasRunning) state.lostOn.set(index, [...nodes, node]);
  if (!wasRunning || nodes.length + 1 < POISONOUS_LOSSES) return askAgain(state, index, 'node-lost', at, out);
  const names = [...nodes, node].map((name) => `"${name}"`).join(', ');
  const lostOn = `Nodes ${names} were lost while they ran function "${functionId}"`;
  const cause: RunFault = { code: 'HANDOFF_NODE_LOST', message: lostOn, functionId, node };
  fail(
    state,
    index,
    failureOf(state, index, `Function "${functionId}" failed: nodes ${names} were lost while they ran it`, cause),
    at,
    out,
  );
}

/** No node is left that could run it. */
export function nodeMissed(
  state: RunState,
  { index, node, waitedMs, isMember = false }: Extract<RunHappening, { type: 'node-missed' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.states[index] !== 'ready' || state.phase !== 'open') return;
  const functionId = state.plan.ids[index]!;
  const how = isMember ? 'did not run it when it was asked, nor' : 'is gone and has not come back';
  const gone =
    node === undefined
      ? `no node that could run it has come within ${waitedMs} ms`
      : `node "${node}", the only one that could run it, ${how} within ${waitedMs} ms`;
  const message = `Function "${functionId}" has no node: ${gone}`;
  const cause: RunFault =
    node === undefined
      ? { code: 'HANDOFF_ALLOCATION_FAILED', message, functionId }
      : { code: 'HANDOFF_NODE_LOST', message, functionId, node };
  out.push({ type: 'withdraw-claim', index });
  const failure = failureOf(state, index, `Function "${functionId}" failed: ${gone}`, cause);
  fail(state, index, node === undefined ? failure : { ...failure, node }, at, out);
}

function askAgain(state: RunState, index: number, event: 'declined' | 'node-lost', at: Moment, out: RunCommand[]): void {
  const wasRunning = state.states[index] === 'running';
  move(state, index, event, at);
  if (state.missing[index]! > 0) return waitForLost(state, index, at, out);
  if (wasRunning) announce(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]! });
  out.push({ type: 'request-claim', index });
}

function succeeded(state: RunState, index: number, receipt: Receipt, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  state.hasValue[index] = 1;
  if (state.attemptErrors.size > 0) state.attemptErrors.delete(index);
  if (state.growth !== undefined) {
    noteFacts(state, state.growth, index, receipt);
    countSize(state, state.growth, index, receipt.sizeBytes);
    state.growth.ended.push(index);
  } else if (state.phase === 'open') {
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const dependent = consumerOf(plan, edge);
      state.missing[dependent]! -= 1;
      if (state.missing[dependent] === 0 && state.states[dependent] === 'waiting') ready(state, dependent, at, out);
    }
  }
  consumed(state, index, out);
  dropUnneeded(state, index, out);
  finishIfSettled(state, out);
}

/** A living node no longer has a value that it made. */
export function valueMissing(
  state: RunState,
  { index, attempt, error }: Extract<RunHappening, { type: 'value-missing' }>,
  at: Moment,
  out: RunCommand[],
): void {
  // Otherwise it is known to be lost, and is being made again.
  if (state.fetching.get(index) !== attempt) return;
  state.fetching.delete(index);
  if (state.hasValue[index] === 1 && !isStopping(state, index)) {
    if (!toleratesMiss(state, index)) return endRun(state, error, state.policy.stopGraceMs, at, out);
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
  if (!happening.isHere) valuesLost(state, [producer], at, out);
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
  const { maxRetries = state.policy.maxRetries, retry } = retryRules(state, index);
  state.failures[index]! += 1;
  const attemptErrors = withError(state, index, error);
  const failures = state.failures[index]!;
  if (!happening.final && failures <= maxRetries && !isStopping(state, index)) {
    move(state, index, 'attempt-failed', at);
    state.attemptErrors.set(index, attemptErrors);
    const delayMs = restMs(failures, retry, happening.random);
    announceEnd(out, { ...stamp(state, at), type: 'function-resting', functionId, attempt, error, delayMs }, index);
    state.restsUntilMs.set(index, at.nowMs + delayMs);
    out.push({ type: 'rest-function', index, attempt, delayMs });
    return;
  }
  const after = failures === 1 ? '' : ` after ${failures} attempts`;
  fail(state, index, failureOf(state, index, `Function "${functionId}" failed${after}: ${error.text}`, error), at, out);
}

/** What a function says of being tried again; that of an element is said by its map. */
function retryRules(state: RunState, index: number): Partial<RetryRules> {
  const { retries, growth } = state.plan;
  const by = parentOf(state, index);
  return retries.get(by >= 0 && growth!.maps.has(by) ? by : index) ?? {};
}

/** A function has rested, and is due again. */
export function rested(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'resting' || state.phase !== 'open') return;
  state.restsUntilMs.delete(index);
  move(state, index, 'rested', at);
  // An argument was lost while it rested.
  if (state.missing[index]! > 0) return waitForLost(state, index, at, out);
  announce(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]! });
  out.push({ type: 'request-claim', index });
}

/** Frees the function's claim. */
function free(state: RunState, index: number, out: RunCommand[]): void {
  out.push({ type: 'free-claim', index, node: state.nodes[index]! });
}
