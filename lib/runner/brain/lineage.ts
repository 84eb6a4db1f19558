// Brain: pure.
import { consumerOf, firstEdge, NO_EDGE, nextEdge } from '../../dag/index.js';
import { fragileRevived, isKept, letArgumentsGo } from './fragile-values.js';
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
  const { plan, policy } = state;
  if (state.recording.size > 0) for (const index of indices) madeInVain(state, index, at, out);
  const lost = indices.filter((index) => state.states[index] === 'succeeded' && state.hasValue[index] === 1);
  for (const index of lost) state.hasValue[index] = 0;
  const toRevive = lost.filter((index) => state.consumersLeft[index]! > 0 || policy.collected[index] === 1);
  const revived: number[] = [];
  for (let index = toRevive.pop(); index !== undefined; index = toRevive.pop()) {
    if (state.states[index] !== 'succeeded') continue;
    revived.push(index);
    const attempt = state.attempts[index]!;
    announce(out, { ...stamp(state, at), type: 'function-lost', functionId: plan.ids[index]!, attempt, node: state.nodes[index]! });
    move(state, index, 'value-lost', at);
    if (state.journal !== 'none') state.reasons.set(index, 'value-lost');
    state.fetching.delete(index);
    fragileRevived(state, index);
    for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
      const producer = plan.producers[position]!;
      state.consumersLeft[producer]! += 1;
      if (state.hasValue[producer] === 0 && state.states[producer] === 'succeeded') toRevive.push(producer);
    }
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const dependent = consumerOf(plan, edge);
      state.missing[dependent]! += 1;
      if (state.states[dependent] === 'ready') waitAgain(state, dependent, at, out);
    }
  }
  // While recorded successes are taken over, nothing is dropped yet.
  if (state.begunTo > 0) for (const index of lost) letGo(state, index, out);
  for (const index of revived) {
    if (state.missing[index] === 0 && state.states[index] === 'waiting') ready(state, index, at, out);
    else skipIfDoomed(state, index, at, out);
  }
}

/** A value is gone before its success was recorded. Nobody has used it. */
function madeInVain(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'recording') return;
  const { plan, attempts, nodes } = state;
  state.recording.delete(index);
  state.hasValue[index] = 0;
  announce(out, {
    ...stamp(state, at),
    type: 'function-lost',
    functionId: plan.ids[index]!,
    attempt: attempts[index]!,
    node: nodes[index]!,
  });
  move(state, index, 'value-lost', at);
  state.reasons.set(index, 'value-lost');
  if (state.missing[index] === 0) ready(state, index, at, out);
  else skipIfDoomed(state, index, at, out);
}

/** A ready function has lost an argument. */
export function waitAgain(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'value-lost', at);
  out.push({ type: 'withdraw-claim', index });
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
  if (state.states[index] !== 'waiting') return;
  const { plan } = state;
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    const producer = state.states[plan.producers[position]!]!;
    if (producer !== 'failed' && producer !== 'skipped') continue;
    skip(state, index, at, out);
    skipDependents(state, index, at, out);
    return;
  }
}

/** Skips everything that waits for a function that will not succeed. */
export function skipDependents(state: RunState, from: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  const toSkip = [from];
  for (let index = toSkip.pop(); index !== undefined; index = toSkip.pop()) {
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const dependent = consumerOf(plan, edge);
      if (state.states[dependent] !== 'waiting') continue;
      skip(state, dependent, at, out);
      toSkip.push(dependent);
    }
  }
}

/** A function that will not run again no longer needs its producers' values. */
export function consumed(state: RunState, index: number, out: RunCommand[]): void {
  const { plan } = state;
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    const producer = plan.producers[position]!;
    state.consumersLeft[producer]! -= 1;
    dropUnneeded(state, producer, out);
  }
}

/** Drops a value that is not needed any more. */
export function dropUnneeded(state: RunState, index: number, out: RunCommand[]): void {
  if (state.consumersLeft[index] !== 0 || state.policy.collected[index] !== 0 || state.states[index] !== 'succeeded') return;
  if (isKept(state, index)) return;
  state.hasValue[index] = 0;
  out.push({ type: 'drop-value', index });
  letGo(state, index, out);
}

/** Drops what was kept for a value that nothing needs any more. */
export function letGo(state: RunState, index: number, out: RunCommand[]): void {
  if (state.fragile.size > 0) letArgumentsGo(state, index, (one) => dropUnneeded(state, one, out));
}

function skip(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'skipped', at);
  announce(out, { ...stamp(state, at), type: 'function-skipped', functionId: state.plan.ids[index]! });
  consumed(state, index, out);
}
