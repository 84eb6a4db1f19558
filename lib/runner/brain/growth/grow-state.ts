// Brain: pure.
import { makeRoom, withRoom } from '../../../base/index.js';
import type { RunState, StateColumns } from '../run-state.js';

/** Gives the columns of a state entries for the functions that its plan has got, from index `from` on. */
export function growState(state: RunState, from: number): void {
  const { size, dependentsStart } = state.plan;
  widenState(state, size);
  const collected = withRoom(state.policy.collected, size, 19);
  if (collected !== state.policy.collected) state.policy = { ...state.policy, collected };
  for (let index = from; index < size; index += 1) {
    state.states.push('waiting');
    state.nodes.push(undefined);
    state.consumersLeft[index] = dependentsStart[index + 1]! - dependentsStart[index]!;
  }
  state.counts.waiting += size - from;
}

/** Gives the columns room for `size` functions. Those of numbers have entries beyond the last function then. */
export function widenState(columns: StateColumns, size: number): void {
  columns.missing = withRoom(columns.missing, size, 13);
  columns.consumersLeft = withRoom(columns.consumersLeft, size, 14);
  columns.attempts = withRoom(columns.attempts, size, 15);
  columns.failures = withRoom(columns.failures, size, 16);
  columns.mayQueue = withRoom(columns.mayQueue, size, 17);
  columns.hasValue = withRoom(columns.hasValue, size, 18);
  columns.sources = withRoom(columns.sources, size, 18.5);
  makeRoom(columns.states, size, 26);
  makeRoom(columns.nodes, size, 27);
}
