// Brain: pure.
import { withRoom } from '../../base/index.js';
import { appendToShape, type PlanFragment } from '../../dag/index.js';
import type { RunPolicy, RunState } from './run-state.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Appends functions to the plan and to the state of a run. They wait; nothing of them is collected. */
export function appendFunctions(state: RunState, fragment: PlanFragment): void {
  const { plan } = state;
  const { from } = fragment;
  appendToShape(plan, fragment);
  const { size } = plan;
  growState(state, size);
  state.counts.waiting += size - from;
  const { missing, consumersLeft, hasValue } = state;
  for (let index = from; index < size; index += 1) {
    for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1) {
      const producer = plan.producers[at]!;
      if (hasValue[producer] === 0) missing[index]! += 1;
      if (producer < from) consumersLeft[producer]! += 1;
    }
    consumersLeft[index] = plan.dependentsStart[index + 1]! - plan.dependentsStart[index]!;
  }
  if (state.begunTo === from) state.begunTo = size;
}

/** Gives every column an entry for each of `size` functions. */
function growState(state: RunState, size: number): void {
  const grown: Writable<RunState> = state;
  const policy: Writable<RunPolicy> = state.policy;
  grown.missing = withRoom(state.missing, size, 11);
  grown.consumersLeft = withRoom(state.consumersLeft, size, 12);
  grown.attempts = withRoom(state.attempts, size, 13);
  grown.failures = withRoom(state.failures, size, 14);
  grown.mayQueue = withRoom(state.mayQueue, size, 15);
  grown.hasValue = withRoom(state.hasValue, size, 3);
  policy.collected = withRoom(policy.collected, size, 0);
  while (state.states.length < size) {
    state.states.push('waiting');
    state.nodes.push(undefined);
  }
}
