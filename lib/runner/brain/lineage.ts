// Brain: pure.
import { consumerOf, firstEdge, NO_EDGE, nextEdge } from '../../dag/index.js';
import { fragileRevived, isKept, letArgumentsGo } from './fragile-values.js';
import { earlyEndOf, holdParts, isCounted, isDoomed, isUndecided, letPartsGo, parentOf } from './growth/parts.js';
import type { RunCommand } from './messages.js';
import { announce, type Moment, move, type RunState, ready, stamp } from './run-state.js';

/** How often a value may be missing on a living node before the run gives up. */
const MAX_MISSES = 3;

/**
 * No node has these values any more. Those still needed, by functions that have not ended or by `collect`, are computed again. So are those
 * of their own arguments that were dropped or lost, and no others. Functions that were ready for one wait for it again. Running ones may
 * have received it already, and report it if not.
 */
export function valuesLost(state: RunState, indices: readonly number[], at: Moment, out: RunCommand[]): void {
  if (state.phase !== 'open') return;
  const { policy, growth } = state;
  if (state.recording.size > 0) for (const index of indices) if (state.states[index] === 'recording') madeInVain(state, index, at, out);
  if (growth !== undefined) for (const index of indices) if (isDagLost(state, index)) madeInVain(state, index, at, out);
  // What a composite gives is lost only with one of its parts.
  const lost = indices.filter(
    (index) => state.states[index] === 'succeeded' && state.hasValue[index] === 1 && !growth?.composites.has(index),
  );
  for (const index of lost) state.hasValue[index] = 0;
  const toRevive = lost.filter((index) => state.consumersLeft[index]! > 0 || policy.collected[index] === 1);
  const revived: number[] = [];
  for (let index = toRevive.pop(); index !== undefined; index = toRevive.pop()) {
    if (growth?.composites.has(index)) reviveWhole(state, index, toRevive, at, out);
    else if (state.states[index] === 'succeeded') {
      revived.push(index);
      revive(state, index, toRevive, at, out);
    }
  }
  // While recorded successes are taken over, nothing is dropped yet.
  if (state.begunTo > 0) for (const index of lost) letGo(state, index, out);
  for (const index of revived) {
    if (earlyEndOf(state, index)) cancelPart(state, index, at, out);
    else if (state.missing[index] === 0 && state.states[index] === 'waiting') ready(state, index, at, out);
    else skipIfDoomed(state, index, at, out);
  }
}

/** A value that is needed will be computed again, with those that it is made of. */
function revive(state: RunState, index: number, toRevive: number[], at: Moment, out: RunCommand[]): void {
  const { plan, growth } = state;
  const attempt = state.attempts[index]!;
  const node = state.nodes[index]!;
  announce(out, { ...stamp(state, at), type: 'function-lost', functionId: plan.ids[index]!, attempt, node });
  move(state, index, 'value-lost', at);
  if (state.journal !== 'none') state.reasons.set(index, 'value-lost');
  state.fetching.delete(index);
  fragileRevived(state, index);
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    const producer = plan.producers[position]!;
    state.consumersLeft[producer]! += 1;
    if (state.hasValue[producer] === 0 && (state.states[producer] === 'succeeded' || growth?.composites.has(producer))) {
      toRevive.push(producer);
    }
  }
  dependentsWait(state, index, at, out);
  if (growth === undefined) return;
  const by = parentOf(state, index);
  if (by >= 0) growth.remade.add(index);
  partsWait(state, by, node, at, out);
}

/** Those that need a function wait for it again. */
function dependentsWait(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan, growth } = state;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (growth !== undefined && !isCounted(state, growth, index, dependent)) continue;
    state.missing[dependent]! += 1;
    if (state.states[dependent] === 'ready' || state.states[dependent] === 'looking-up') waitAgain(state, dependent, at, out);
  }
}

/** A part of this composite has not ended any more; nor has the composite, if its parts are needed, and so on outwards. */
function partsWait(state: RunState, from: number, node: string, at: Moment, out: RunCommand[]): void {
  for (let by = from; by >= 0; by = parentOf(state, by)) {
    state.missing[by]! += 1;
    if (state.states[by] !== 'succeeded' || !state.growth!.composites.get(by)!.isHolding) return;
    reopen(state, by, node, at, out);
  }
}

function reopen(state: RunState, index: number, node: string, at: Moment, out: RunCommand[]): void {
  const attempt = Math.max(1, state.attempts[index]!);
  announce(out, { ...stamp(state, at), type: 'function-lost', functionId: state.plan.ids[index]!, attempt, node });
  move(state, index, 'part-lost', at);
  state.hasValue[index] = 0;
  if (parentOf(state, index) >= 0) state.growth!.remade.add(index);
  dependentsWait(state, index, at, out);
}

/** The whole of a composite is needed again whose parts were let go: those that are gone are computed again. */
function reviveWhole(state: RunState, index: number, toRevive: number[], at: Moment, out: RunCommand[]): void {
  const growth = state.growth!;
  const composite = growth.composites.get(index)!;
  const function_ = state.states[index]!;
  if (composite.isHolding || (function_ !== 'succeeded' && function_ !== 'open')) return;
  composite.isHolding = true;
  holdParts(state, index, (part) => {
    state.consumersLeft[part]! += 1;
    if (state.hasValue[part] === 0 && (state.states[part] === 'succeeded' || growth.composites.has(part))) toRevive.push(part);
  });
  if (function_ !== 'succeeded') return;
  state.hasValue[index] = 1;
  if (state.missing[index] === 0 && composite.doomed === 0) return;
  reopen(state, index, state.policy.driver ?? '', at, out);
  partsWait(state, parentOf(state, index), state.policy.driver ?? '', at, out);
  growth.due.push(index);
}

/** Whether a DAG is gone that an expansion has made and the driver does not have. */
const isDagLost = (state: RunState, index: number): boolean => state.states[index] === 'open' && state.hasValue[index] === 1;

/** A value is gone before its success was recorded, or before the driver had it. Nobody has used it. */
function madeInVain(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan, attempts, nodes } = state;
  state.recording.delete(index);
  state.fetching.delete(index);
  state.hasValue[index] = 0;
  announce(out, {
    ...stamp(state, at),
    type: 'function-lost',
    functionId: plan.ids[index]!,
    attempt: attempts[index]!,
    node: nodes[index]!,
  });
  move(state, index, 'value-lost', at);
  if (state.journal !== 'none') state.reasons.set(index, 'value-lost');
  if (earlyEndOf(state, index)) cancelPart(state, index, at, out);
  else if (state.missing[index] === 0) ready(state, index, at, out);
  else skipIfDoomed(state, index, at, out);
}

/** A ready function has lost an argument. */
export function waitAgain(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] === 'ready') out.push({ type: 'withdraw-claim', index });
  move(state, index, 'value-lost', at);
  skipIfDoomed(state, index, at, out);
}

/**
 * A living node no longer has a value that it made, perhaps because it was cut off meanwhile. Counts that, and returns whether the run goes
 * on.
 */
export function toleratesMiss(state: RunState, index: number): boolean {
  const misses = (state.misses.get(index) ?? 0) + 1;
  state.misses.set(index, misses);
  return misses <= MAX_MISSES;
}

/** A function that it waits for may have failed when it was computed again, while this one could not be skipped. */
export function skipIfDoomed(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'waiting' || isUndecided(state, index)) return;
  const { plan } = state;
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    if (!isDoomed(state, plan.producers[position]!)) continue;
    skip(state, index, 'skipped', at, out);
    if (state.growth === undefined) skipDependents(state, index, at, out);
    return;
  }
}

/** Skips everything that waits for a function that will not succeed, in a run that neither branches nor grows. */
export function skipDependents(state: RunState, from: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  const toSkip = [from];
  for (let index = toSkip.pop(); index !== undefined; index = toSkip.pop()) {
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const dependent = consumerOf(plan, edge);
      if (state.states[dependent] !== 'waiting') continue;
      skip(state, dependent, 'skipped', at, out);
      toSkip.push(dependent);
    }
  }
}

/** A function that will not run again no longer needs its producers' values. */
export function consumed(state: RunState, index: number, out: RunCommand[]): void {
  const { plan } = state;
  const composite = state.growth?.composites.get(index);
  if (composite?.hasConsumed) return;
  if (composite) composite.hasConsumed = true;
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    const producer = plan.producers[position]!;
    state.consumersLeft[producer]! -= 1;
    dropUnneeded(state, producer, out);
  }
}

/** Drops a value that is not needed any more. */
export function dropUnneeded(state: RunState, index: number, out: RunCommand[]): void {
  if (state.consumersLeft[index] !== 0 || state.policy.collected[index] !== 0 || isKept(state, index)) return;
  if (state.growth?.isRecalling) return;
  if (state.growth?.composites.has(index)) return letPartsGo(state, index, out);
  if (state.states[index] !== 'succeeded') return;
  state.hasValue[index] = 0;
  out.push({ type: 'drop-value', index });
  letGo(state, index, out);
}

/** Drops what was kept for a value that nothing needs any more. */
export function letGo(state: RunState, index: number, out: RunCommand[]): void {
  if (state.fragile.size > 0) letArgumentsGo(state, index, (one) => dropUnneeded(state, one, out));
}

/** The function will not run: its condition does not hold, or one that it needs failed. */
export function skip(state: RunState, index: number, why: 'not-taken' | 'skipped', at: Moment, out: RunCommand[]): void {
  move(state, index, why, at);
  const reason = why === 'skipped' ? 'producer-failed' : why;
  announce(out, { ...stamp(state, at), type: 'function-skipped', functionId: state.plan.ids[index]!, reason });
  if (why === 'not-taken') state.absent.add(index);
  consumed(state, index, out);
  state.growth?.ended.push(index);
}

/** The function will not run again, as the run is ending. */
export function cancel(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'cancelled', at);
  announce(out, { ...stamp(state, at), type: 'function-cancelled', functionId: state.plan.ids[index]! });
}

/** The function will not run again, as the run is ending, or something that it is a part of. */
export function cancelPart(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  cancel(state, index, at, out);
  if (state.growth === undefined || state.phase !== 'open') return;
  consumed(state, index, out);
  state.growth.ended.push(index);
}
