// Brain: pure.
import { appendToShape, type PlanFragment } from '../../../dag/index.js';
import { fail, failureOf, isRecorded } from '../failure.js';
import { holdArguments } from '../fragile-values.js';
import { isFinal } from '../function-state.js';
import { cancelPart, consumed, dropUnneeded, skip, skipIfDoomed, valuesLost } from '../lineage.js';
import type { RecalledFailure, RecalledSuccess, Receipt, RunAnnouncement, RunCommand, RunHappening } from '../messages.js';
import { isRunFault, type RunFault } from '../run-fault.js';
import { announce, announceEnd, type Moment, move, type RunState, setSource, stamp } from '../run-state.js';
import { decide, noteTaken } from './decisions.js';
import { growState } from './grow-state.js';
import type { Composite, GrowthState } from './growth-state.js';
import { countSize, coverOf, depthOf, endEarly, follows, isNeeded, isStopping, isThere, noteFacts } from './parts.js';

/** Up to so many functions a run may grow. */
const MAX_FUNCTIONS = 1_000_000;

/** No run can have more: an array that is longer is not even split (`canSplit`). */
const MOST_FUNCTIONS = 2 ** 24;

/** So deep an expansion may be within others. */
const MAX_DEPTH = 100;

/** An expansion has made its DAG. The driver needs that to know its functions. */
export function openExpansion(state: RunState, index: number, { isHere }: Receipt, at: Moment, out: RunCommand[]): void {
  state.hasValue[index] = 0;
  if (isStopping(state, index)) return cancelPart(state, index, at, out);
  move(state, index, 'opened', at);
  state.attemptErrors.delete(index);
  if (depthOf(state, index) >= MAX_DEPTH) {
    return refuse(state, index, `it is within ${MAX_DEPTH} other expansions, and no more are allowed`, at, out);
  }
  const attempt = state.attempts[index]!;
  if (state.growth!.isRecalling) state.growth!.expanding.push(index);
  if (isHere) return void out.push({ type: 'expand', index, attempt });
  // Only while it is elsewhere it can be lost.
  state.hasValue[index] = 1;
  state.fetching.set(index, attempt);
  out.push({ type: 'fetch-value', index, attempt });
}

/** The DAG of an expansion has come to the driver. */
export function dagFetched(state: RunState, index: number, out: RunCommand[]): void {
  state.hasValue[index] = 0;
  out.push({ type: 'expand', index, attempt: state.attempts[index]! });
}

/** Whether an expansion has made its DAG, which is here, and not all of its functions have been added. */
export function isExpanding({ plan, states, hasValue, growth }: RunState, index: number): boolean {
  if (states[index] !== 'open' || hasValue[index] === 1 || !plan.growth!.expansions.has(index)) return false;
  const composite = growth!.composites.get(index);
  return composite === undefined || composite.added < composite.total;
}

/** Returns the command for the elements that are being added, if any. */
export function appendingOf({ growth }: RunState): RunCommand | undefined {
  if (growth === undefined || growth.appending === 0) return undefined;
  const index = growth.opening[0]!;
  const { added, total } = growth.composites.get(index)!;
  return { type: 'append-elements', index, from: added, count: growth.appending, total };
}

/** Whether an expansion has made its DAG, wherever it is, and not all of its functions have been added. */
const isOpening = (state: RunState, index: number): boolean =>
  isExpanding(state, index) || (state.states[index] === 'open' && state.hasValue[index] === 1);

/** Whether everything that has opened has all its parts. */
export function isGrown(state: RunState, growth: GrowthState): boolean {
  growth.expanding = growth.expanding.filter((index) => isOpening(state, index));
  return growth.expanding.length === 0 && growth.opening.length === 0;
}

/** Opens a map over an array of `total` elements. */
export function openMap(state: RunState, growth: GrowthState, index: number, total: number, at: Moment, out: RunCommand[]): void {
  if (isTooLarge(state, growth, total)) return refuse(state, index, tooLarge(state, growth, total), at, out);
  move(state, index, 'opened', at);
  newComposite(state, growth, index, total, at, out);
  const { concurrency } = state.plan.growth!.maps.get(index)!;
  if (concurrency < total) growth.limits.set(index, { left: concurrency, queue: [], head: 0 });
  growth.ended.push(~index);
  if (total > 0) growth.opening.push(index);
  else {
    consumed(state, index, out);
    growth.due.push(index);
  }
}

function newComposite(state: RunState, growth: GrowthState, index: number, total: number, at: Moment, out: RunCommand[]): void {
  growth.composites.set(index, {
    total,
    added: 0,
    openedMs: at.nowMs,
    doomed: 0,
    sizeBytes: 0,
    isHolding: isNeeded(state, index),
    hasConsumed: false,
    early: undefined,
  });
  state.missing[index] = total;
  growth.unadded += total;
  const { runId, plan } = state;
  announce(out, { type: 'functions-added', runId, dagId: plan.dagId, atMs: at.wallMs, by: plan.ids[index]!, count: total });
}

const mostOf = ({ policy }: RunState): number => Math.min(policy.maxFunctions ?? MAX_FUNCTIONS, MOST_FUNCTIONS);

const isTooLarge = (state: RunState, { unadded }: GrowthState, more: number): boolean =>
  more > 0 && state.plan.size + unadded + more > mostOf(state);

const tooLarge = (state: RunState, { unadded }: GrowthState, more: number): string =>
  `it would add ${more} functions to ${state.plan.size + unadded}, and the run may have ${mostOf(state)}`;

/** The map or expansion cannot add what it should. */
export function refuse(state: RunState, index: number, why: string, at: Moment, out: RunCommand[], cause?: RunFault['cause']): void {
  const message = `Function "${state.plan.ids[index]!}" failed: ${why}`;
  const { runId, plan } = state;
  // The attempt that made the DAG of an expansion was in vain.
  if (state.attempts[index]! > 0) state.failures[index]! += 1;
  const because: RunFault = { code: 'HANDOFF_FUNCTION_FAILED', message, dagId: plan.dagId, runId, functionId: plan.ids[index]! };
  fail(state, index, failureOf(state, index, message, cause ?? because), at, out);
}

/** The DAG of an expansion cannot be executed. */
export function growthRefused(
  state: RunState,
  { index, error }: Extract<RunHappening, { type: 'growth-refused' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.phase !== 'open' || !isExpanding(state, index) || state.growth!.composites.has(index)) return;
  if (isStopping(state, index)) return cancelPart(state, index, at, out);
  refuse(state, index, isRunFault(error) ? error.message : error.text, at, out, error);
}

/** The parts of a composite that it has asked for. */
export function functionsAdded(
  state: RunState,
  { added, recalled = [], failures = [], reasons = [] }: Extract<RunHappening, { type: 'functions-added' }>,
  at: Moment,
  out: RunCommand[],
): void {
  const { growth, plan } = state;
  if (state.phase !== 'open' || growth === undefined) return;
  const { by, from, total } = added;
  const isMap = plan.growth!.maps.has(by);
  if (isMap) {
    if (growth.appending === 0 || growth.opening[0] !== by) return;
    growth.appending = 0;
  } else if (!isExpanding(state, by)) return;
  const known = growth.composites.get(by);
  if (state.states[by] !== 'open' || known?.early) return;
  // The plan has grown meanwhile: asked again, the shell makes the parts anew.
  if (from !== plan.size) return isMap ? undefined : void out.push({ type: 'expand', index: by, attempt: state.attempts[by]! });
  if (!known) {
    if (isTooLarge(state, growth, total)) return refuse(state, by, tooLarge(state, growth, total), at, out);
    newComposite(state, growth, by, total, at, out);
  }
  addParts(state, growth, added, out);
  for (const [index, because] of reasons) state.reasons.set(index, because);
  takeOver(state, growth, recalled, at, out);
  for (const failure of failures) takeFailureOver(state, growth, failure, at, out);
  if (!growth.isRecalling) growth.toLookFor.push(...recalled);
  for (let index = from; index < plan.size; index += 1) {
    if (state.states[index] !== 'waiting' || !isTakenByEarlier(state, growth, index, at, out)) continue;
    // What a map takes element by element may have failed after it was open.
    if (state.missing[index]! > 0 || plan.growth!.maps.has(index)) skipIfDoomed(state, index, at, out);
    if (state.missing[index] === 0 && state.states[index] === 'waiting') growth.due.push(index);
  }
}

/** Decides a condition on a function that has ended before this one was added. Returns false if the function is not taken. */
function isTakenByEarlier(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): boolean {
  const on = state.plan.growth!.whens.get(index)?.on;
  return on === undefined || on < 0 || !isThere(state, on) || decide(state, growth, index, on, at, out);
}

function addParts(state: RunState, growth: GrowthState, added: PlanFragment, out: RunCommand[]): void {
  const { plan } = state;
  const { by, from, consumers } = added;
  const composite = growth.composites.get(by)!;
  if (state.begunTo === from && !growth.isRecalling) state.begunTo = from + added.ids.length;
  appendToShape(plan, added);
  growState(state, from);
  const { size } = plan;
  composite.added += size - from;
  growth.unadded -= size - from;
  growth.budget -= size - from;
  for (let index = from; index < size; index += 1) {
    // Those that are to come are counted already: nothing is dropped that they need.
    if (consumers) state.consumersLeft[index] = consumers[index - from]!;
    for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
      const producer = plan.producers[position]!;
      if (producer < from && !consumers) state.consumersLeft[producer]! += 1;
      // What it takes element by element is there as soon as that is open.
      const isGiven = isThere(state, producer) || (growth.composites.has(producer) && follows(state, index, producer));
      if (!isGiven) state.missing[index]! += 1;
    }
  }
  const isCollected = state.policy.collected[by]!;
  const hold = (index: number): void => {
    state.policy.collected[index] = isCollected;
    if (composite.isHolding) state.consumersLeft[index]! += 1;
  };
  if (added.sinks) for (const index of added.sinks) hold(index);
  else if (plan.growth!.maps.has(by)) for (let index = from; index < size; index += 1) hold(index);
  if (composite.added < composite.total) return;
  consumed(state, by, out);
  if (composite.total === 0) growth.due.push(by);
}

/** Recorded successes among the parts: they do not run. */
function takeOver(state: RunState, growth: GrowthState, recalled: readonly RecalledSuccess[], at: Moment, out: RunCommand[]): void {
  for (const success of recalled) {
    const { index, attempt, node, tookMs, sizeBytes, hasValue, isFiled, isElsewhere } = success;
    const { expansions } = state.plan.growth!;
    state.nodes[index] = node;
    state.attempts[index] = attempt;
    if (expansions.has(index) && !hasValue) continue;
    noteTaken(state, index);
    if (expansions.has(index)) {
      openExpansion(state, index, { node, tookMs, sizeBytes, isHere: !(isFiled || isElsewhere) }, at, out);
      continue;
    }
    move(state, index, 'recalled', at);
    setSource(state, index, 1);
    noteFacts(state, growth, index, success);
    state.hasValue[index] = 1;
    if (!hasValue || isFiled || isElsewhere) holdArguments(state, index);
    const functionId = state.plan.ids[index]!;
    countSize(state, growth, index, sizeBytes);
    if (state.recalled?.tells !== 'collected' || state.policy.collected[index] === 1) {
      const what = { functionId, attempt, node, tookMs, sizeBytes } as const;
      announce(out, { ...stamp(state, at), type: 'function-succeeded', ...what, source: 'journal' });
    }
    growth.ended.push(index);
    growth.recalledParts.push(success);
    consumed(state, index, out);
  }
}

/** The run went on without an optional part: it does not run again, and its value is `undefined`. */
function takeFailureOver(state: RunState, growth: GrowthState, recalled: RecalledFailure, at: Moment, out: RunCommand[]): void {
  const { index, attempt, failure } = recalled;
  move(state, index, 'failed', at);
  state.attempts[index] = attempt;
  state.absent.add(index);
  state.tolerated.push(failure);
  if (state.recalled?.tells !== 'collected' || state.policy.collected[index] === 1) {
    announce(out, { ...stamp(state, at), type: 'function-failed', functionId: state.plan.ids[index]!, attempt, error: failure });
  }
  growth.ended.push(index);
  consumed(state, index, out);
}

/**
 * Parts were taken over while the run goes on, and it has been told: what of them is needed and is nowhere is computed again, what is not
 * needed is dropped.
 */
export function lookForTaken(state: RunState, growth: GrowthState, at: Moment, out: RunCommand[]): void {
  const { expansions } = state.plan.growth!;
  const recalled = growth.toLookFor.splice(0);
  const gone: number[] = [];
  for (const { index, hasValue } of recalled) if (!hasValue && !expansions.has(index)) gone.push(index);
  if (gone.length > 0) valuesLost(state, gone, at, out);
  for (const { index, isFiled, isElsewhere } of recalled) {
    if (expansions.has(index) || state.states[index] !== 'succeeded') continue;
    dropUnneeded(state, index, out);
    if (!(isFiled || isElsewhere) || state.policy.collected[index] === 0) continue;
    state.fetching.set(index, state.attempts[index]!);
    out.push({ type: 'fetch-value', index, attempt: state.attempts[index]! });
  }
}

/** A composite ends when the last of its parts has ended. */
export function endIfComplete(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): void {
  const composite = growth.composites.get(index)!;
  if (state.states[index] !== 'open' || state.missing[index] !== 0 || composite.added < composite.total) return;
  if (composite.early) return endedEarly(state, growth, index, composite, at, out);
  if (composite.doomed > 0) {
    skip(state, index, 'skipped', at, out);
    return endedInVain(state, index, out);
  }
  move(state, index, 'succeeded', at);
  state.hasValue[index] = Number(composite.isHolding);
  consumed(state, index, out);
  growth.ended.push(index);
  if (growth.isRecalling && state.recalled!.tells === 'collected' && state.policy.collected[index] !== 1) return;
  const { runId, plan } = state;
  const event: RunAnnouncement = {
    type: 'function-succeeded',
    runId,
    dagId: plan.dagId,
    atMs: at.wallMs,
    functionId: plan.ids[index]!,
    attempt: Math.max(1, state.attempts[index]!),
    node: state.policy.driver ?? '',
    tookMs: at.nowMs - composite.openedMs,
    sizeBytes: composite.sizeBytes,
    source: growth.isRecalling ? 'journal' : 'run',
  };
  announceEnd(out, event, index);
}

function endedEarly(state: RunState, growth: GrowthState, index: number, composite: Composite, at: Moment, out: RunCommand[]): void {
  const { failure } = composite.early!;
  if (!failure) cancelPart(state, index, at, out);
  else if (state.plan.growth!.expansions.has(index)) {
    // It is optional, and what failed within has been told.
    move(state, index, 'failed', at);
    const functionId = state.plan.ids[index]!;
    if (isRecorded(state)) out.push({ type: 'record-failure', index });
    announce(out, { ...stamp(state, at), type: 'function-failed', functionId, attempt: state.attempts[index]!, error: failure });
    state.absent.add(index);
    consumed(state, index, out);
    growth.ended.push(index);
  } else fail(state, index, failure, at, out);
  endedInVain(state, index, out);
}

/** The whole of a composite will never be there: its parts are kept only for maps that take elements from it and have not got them all. */
function endedInVain(state: RunState, index: number, out: RunCommand[]): void {
  state.policy.collected[index] = 0;
  dropUnneeded(state, index, out);
}

/** An array was computed again, and has another length than the map over it knows. */
export function lengthChanged(state: RunState, growth: GrowthState, index: number, count: number, at: Moment, out: RunCommand[]): void {
  const composite = growth.composites.get(index)!;
  if (composite.early || isFinal(state.states[index]!) || isStopping(state, index)) return;
  const had = composite.total;
  const why = `the array that it goes over had ${had} elements, and ${count} when it was computed again`;
  const message = `Function "${state.plan.ids[index]!}" failed: ${why}`;
  const { runId, plan } = state;
  const cause: RunFault = { code: 'HANDOFF_FUNCTION_FAILED', message, dagId: plan.dagId, runId, functionId: plan.ids[index]! };
  const failure = failureOf(state, index, message, cause);
  if (state.policy.onFailure === 'abort' && coverOf(state, index) < 0) return fail(state, index, failure, at, out);
  endEarly(state, index, { failure, reason: failure, stopByMs: at.nowMs + state.policy.stopGraceMs });
  growth.due.push(index);
}
