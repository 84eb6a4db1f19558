// Brain: pure.
import { withRoom } from '../../base/index.js';
import type { RunState } from './run-state.js';

/** Gives the columns of a state entries for the functions that its plan has got, from index `from` on. */
export function growState(state: RunState, from: number): void {
  const { size, dependentsStart } = state.plan;
  state.missing = withRoom(state.missing, size, 0);
  state.consumersLeft = withRoom(state.consumersLeft, size, 1);
  state.attempts = withRoom(state.attempts, size, 2);
  state.failures = withRoom(state.failures, size, 3);
  state.mayQueue = withRoom(state.mayQueue, size, 4);
  state.hasValue = withRoom(state.hasValue, size, 5);
  const collected = withRoom(state.policy.collected, size, 6);
  if (collected !== state.policy.collected) state.policy = { ...state.policy, collected };
  for (let index = from; index < size; index += 1) {
    state.states.push('waiting');
    state.nodes.push(undefined);
    state.consumersLeft[index] = dependentsStart[index + 1]! - dependentsStart[index]!;
  }
  state.counts.waiting += size - from;
}
