import type { Allocator, ClaimClass } from '../../allocator/index.js';
import type { RunState } from '../brain/run-state.js';
import type { WaitingClaim } from './run-job.js';

/** How many waiting functions of a run a status lists, at most. */
const WAITING_SHOWN = 100;

/** Returns how many functions of a run wait besides those that `waitingIn` lists. */
export const moreWaitingIn = ({ counts }: RunState): number => Math.max(0, counts.ready - WAITING_SHOWN);

/** Returns the ready functions of a run that wait for room, with what they lack. */
export function waitingIn({ states, plan }: RunState, kinds: readonly ClaimClass[], allocation: Allocator): WaitingClaim[] {
  const waiting: WaitingClaim[] = [];
  for (let index = 0; index < plan.size && waiting.length < WAITING_SHOWN; index += 1) {
    if (states[index] !== 'ready') continue;
    waiting.push({ dagId: plan.dagId, functionId: plan.ids[index]!, lacking: allocation.lackOf(kinds[index]!) });
  }
  return waiting;
}
