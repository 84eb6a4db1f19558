// Brain: pure.
import { consumerOf, firstEdge, isSink, NO_EDGE, nextEdge } from '../../../dag/index.js';
import { isFinal } from '../function-state.js';
import { cancelPart, dropUnneeded, skip } from '../lineage.js';
import type { RunCommand } from '../messages.js';
import { finishIfSettled } from '../run-end.js';
import { type Moment, type RunState, requestClaim, requestTurn } from '../run-state.js';
import { decide } from './decisions.js';
import { appendingOf, endIfComplete, isGrown, lengthChanged, lookForTaken, openMap, refuse } from './growing.js';
import type { GrowthState, PartWalk } from './growth-state.js';
import {
  countSize,
  earlyEndOf,
  endEarly,
  follows,
  isCounted,
  isDoomed,
  isStopping,
  isThere,
  isUndecided,
  nextHeld,
  nextPart,
  parentOf,
  stopGrowing,
  wholeWalk,
} from './parts.js';

/**
 * Draws the consequences of a step in a run that branches or grows: what functions that ended mean for those that need them, and for what
 * they are a part of. Nothing recurses, so chains and nests may have any length. Work over many parts goes on in later turns.
 */
export function settle(state: RunState, growth: GrowthState, at: Moment, out: RunCommand[]): void {
  const { ended, due, freed } = growth;
  const isQuiet = state.phase === 'open' && !growth.isRecalling && ended.length + due.length + freed.length + growth.toLookFor.length === 0;
  if (isQuiet && !workOn(state, growth, at, out)) return;
  let endedAt = 0;
  let dueAt = 0;
  while (state.phase === 'open') {
    if (endedAt < ended.length) conclude(state, growth, ended[endedAt++]!, at, out);
    else if (growth.toLookFor.length > 0) lookForTaken(state, growth, at, out);
    else if (dueAt < due.length) proceed(state, growth, due[dueAt++]!, at, out);
    else if (freed.length > 0) admit(state, growth, freed.pop()!, at, out);
    else if (!workOn(state, growth, at, out)) break;
  }
  ended.length = 0;
  due.length = 0;
  if (state.phase !== 'open') stopGrowing(growth);
  if (growth.isRecalling && isGrown(state, growth)) requestTurn(state, out);
  finishIfSettled(state, out);
}

/** A function has ended, or a map has opened, which is given as `~index`. */
function conclude(state: RunState, growth: GrowthState, given: number, at: Moment, out: RunCommand[]): void {
  if (given < 0) return followersMayOpen(state, growth, ~given);
  const index = given;
  if (isThere(state, index)) dependentsHaveIt(state, growth, index, at, out);
  else dependentsLackIt(state, growth, index, at, out);
  const by = parentOf(state, index);
  if (growth.gists.size > 0 && !isHalfAdded(growth, by)) growth.gists.delete(index);
  if (by >= 0) partEnded(state, growth, by, index);
}

/** Whether functions may come whose conditions look at those that are there already. */
function isHalfAdded({ composites }: GrowthState, by: number): boolean {
  const composite = composites.get(by);
  return composite !== undefined && composite.added < composite.total;
}

/** The maps that take their elements from those of a map that has opened need not wait for it any more. */
function followersMayOpen(state: RunState, growth: GrowthState, index: number): void {
  const { plan } = state;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (!follows(state, dependent, index) || growth.composites.has(dependent)) continue;
    state.missing[dependent]! -= 1;
    if (state.missing[dependent] === 0 && state.states[dependent] === 'waiting') growth.due.push(dependent);
  }
}

function dependentsHaveIt(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  const { maps, whens } = plan.growth!;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (!isCounted(state, growth, index, dependent)) {
      const count = maps.get(dependent)?.over === index ? lengthOf(growth, index) : undefined;
      if (count !== undefined && state.missing[dependent]! > 0 && growth.composites.get(dependent)!.total !== count) {
        lengthChanged(state, growth, dependent, count, at, out);
      }
      continue;
    }
    state.missing[dependent]! -= 1;
    if (state.states[dependent] !== 'waiting') continue;
    if (whens.size > 0 && !decide(state, growth, dependent, index, at, out)) continue;
    if (state.missing[dependent] === 0) growth.due.push(dependent);
  }
}

/** Returns how many elements an array has, as its maker told; `undefined` for a map, whose array has always the same length. */
function lengthOf({ composites, splits }: GrowthState, index: number): number | undefined {
  const split = composites.has(index) ? undefined : splits.get(index);
  if (split === undefined) return undefined;
  return 'count' in split ? split.count : 0;
}

function dependentsLackIt(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  if (!isDoomed(state, index)) return;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (state.states[dependent] !== 'waiting' || earlyEndOf(state, dependent)) continue;
    if (isTakenSoFar(state, growth, dependent, at, out)) skip(state, dependent, 'skipped', at, out);
  }
}

/**
 * Whether a function has no condition that may still turn out not to hold: then it is not taken, whatever failed. So that does not depend
 * on what ends first.
 */
function isTakenSoFar(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): boolean {
  const on = state.plan.growth!.whens.get(index)?.on;
  return on !== undefined && on < 0 ? decide(state, growth, index, on, at, out) : !isUndecided(state, index);
}

function partEnded(state: RunState, growth: GrowthState, by: number, index: number): void {
  const composite = growth.composites.get(by)!;
  state.missing[by]! -= 1;
  if (isDoomed(state, index)) composite.doomed += 1;
  const inner = growth.composites.get(index);
  if (inner) countSize(state, growth, index, inner.sizeBytes);
  if (state.missing[by] === 0) growth.due.push(by);
}

/** A function may have all that it needs, or a composite may have ended. */
function proceed(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): void {
  if (growth.composites.has(index)) return endIfComplete(state, growth, index, at, out);
  if (state.states[index] !== 'waiting' || state.missing[index] !== 0) return;
  const { whens, maps } = state.plan.growth!;
  const when = whens.get(index);
  if (when && when.on < 0 && !decide(state, growth, index, when.on, at, out)) return;
  if (earlyEndOf(state, index)) return;
  const map = maps.get(index);
  if (map) return open(state, growth, index, map.over, at, out);
  // Of what is recorded more may follow.
  if (growth.isRecalling) return;
  const limit = growth.limits.get(parentOf(state, index));
  if (!limit) return requestClaim(state, index, at, out);
  limit.queue.push(index);
  if (limit.left > 0) growth.freed.push(parentOf(state, index));
}

function open(state: RunState, growth: GrowthState, index: number, over: number, at: Moment, out: RunCommand[]): void {
  if (state.absent.has(over)) return skip(state, index, 'not-taken', at, out);
  const source = growth.composites.get(over);
  if (source && state.plan.growth!.maps.has(over)) {
    // If that one ends early it takes this one along.
    if (!source.early) openMap(state, growth, index, source.total, at, out);
    return;
  }
  const split = source ? { not: 'an object' } : growth.splits.get(over);
  if (split === undefined) throw new Error(`nothing is known of the array that "${state.plan.ids[index]!}" goes over`);
  if ('count' in split) return openMap(state, growth, index, split.count, at, out);
  if (split.not === 'undefined') return skip(state, index, 'not-taken', at, out);
  refuse(state, index, `what it goes over is ${split.not}, not an array`, at, out);
}

/** More elements of a map with a bound may become ready, in the order in which they became due. */
function admit(state: RunState, growth: GrowthState, by: number, at: Moment, out: RunCommand[]): void {
  const limit = growth.limits.get(by)!;
  while (limit.left > 0 && limit.head < limit.queue.length) {
    const index = limit.queue[limit.head]!;
    limit.head += 1;
    if (state.states[index] !== 'waiting' || state.missing[index] !== 0 || earlyEndOf(state, index)) continue;
    requestClaim(state, index, at, out);
  }
  if (limit.head < limit.queue.length) return;
  limit.queue.length = 0;
  limit.head = 0;
}

/** Goes on with what takes several turns. Returns false if there is nothing, or no more may be done in this turn. */
function workOn(state: RunState, growth: GrowthState, at: Moment, out: RunCommand[]): boolean {
  const { cancelling, releasing, opening } = growth;
  // Elements that a map asked for are not waited for once it has ended, or ends early.
  if (growth.appending > 0 && isComplete(state, growth, opening[0]!)) growth.appending = 0;
  const mayAppend = opening.length > 0 && growth.appending === 0;
  if (cancelling.length === 0 && releasing.length === 0 && !mayAppend) return false;
  if (growth.budget <= 0) {
    requestTurn(state, out);
    return false;
  }
  if (releasing.length > 0) releaseSome(state, growth, releasing[0]!, out);
  else if (cancelling.length > 0) cancelSome(state, growth, cancelling[0]!, at, out);
  else append(state, growth, opening[0]!, out);
  return true;
}

/** Whether a map gets no more elements. */
function isComplete(state: RunState, { composites }: GrowthState, index: number): boolean {
  const { added, total } = composites.get(index)!;
  return added === total || isFinal(state.states[index]!);
}

function append(state: RunState, growth: GrowthState, index: number, out: RunCommand[]): void {
  if (isComplete(state, growth, index)) return void growth.opening.shift();
  const { added, total } = growth.composites.get(index)!;
  growth.appending = Math.min(growth.budget, total - added);
  out.push(appendingOf(state)!);
}

function releaseSome(state: RunState, growth: GrowthState, walk: PartWalk, out: RunCommand[]): void {
  while (walk.left > 0 && growth.budget > 0) {
    const part = nextHeld(state, walk);
    growth.budget -= 1;
    state.consumersLeft[part]! -= 1;
    state.policy.collected[part] = 0;
    dropUnneeded(state, part, out);
  }
  if (walk.left === 0) growth.releasing.splice(growth.releasing.indexOf(walk), 1);
}

function cancelSome(state: RunState, growth: GrowthState, walk: PartWalk, at: Moment, out: RunCommand[]): void {
  while (walk.left > 0 && growth.budget > 0) {
    growth.budget -= 1;
    const part = nextPart(state, walk);
    stopPart(state, growth, part, at, out);
    if (walk.isCut) countUsers(state, growth, part, out);
  }
  if (walk.left > 0) return;
  growth.cancelling.shift();
  growth.due.push(walk.by);
}

/** Counts those that need a part of an expansion anew, without those that will never be added. */
function countUsers(state: RunState, growth: GrowthState, index: number, out: RunCommand[]): void {
  const { plan } = state;
  const by = parentOf(state, index);
  let users = growth.composites.get(by)!.isHolding && isSink(plan.added!.parts.get(by)!, index) ? 1 : 0;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (!isFinal(state.states[dependent]!) && !growth.composites.get(dependent)?.hasConsumed) users += 1;
  }
  state.consumersLeft[index] = users;
  dropUnneeded(state, index, out);
}

/** Something that this function is a part of ends early. */
function stopPart(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): void {
  const function_ = state.states[index]!;
  // Of what has succeeded a part may be on its way again, for others.
  if (function_ === 'succeeded' && growth.composites.has(index)) return void growth.cancelling.push(wholeWalk(state, index));
  // What is about to be recorded, is.
  if (isFinal(function_) || function_ === 'recording' || !isStopping(state, index)) return;
  const { reason, stopByMs } = earlyEndOf(state, index)!;
  if (function_ === 'placed' || function_ === 'running') {
    const graceMs = Math.max(0, stopByMs - at.nowMs);
    return void out.push({ type: 'stop-attempt', index, attempt: state.attempts[index]!, reason, graceMs });
  }
  if (growth.composites.has(index)) return endEarly(state, index, { failure: undefined, reason, stopByMs });
  if (function_ === 'ready') out.push({ type: 'withdraw-claim', index });
  state.restsUntilMs.delete(index);
  state.fetching.delete(index);
  cancelPart(state, index, at, out);
}
