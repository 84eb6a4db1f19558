import type { Allocator, ClaimClass } from '../../allocator/index.js';
import type { RunState } from '../brain/run-state.js';
import type { WaitingClaim } from './run-job.js';

/** A status names so many functions of a run that wait, at most. */
const WAITING_SHOWN = 100;

/** How many functions of a run wait beside those that `waitingIn` names. */
export const moreWaitingIn = ({ counts }: RunState): number => Math.max(0, counts.ready - WAITING_SHOWN);

/** What is ready in a run and waits for room, and for what. */
export function waitingIn({ states, plan }: RunState, kinds: readonly ClaimClass[], allocation: Allocator): WaitingClaim[] {
  const waiting: WaitingClaim[] = [];
  for (let index = 0; index < plan.size && waiting.length < WAITING_SHOWN; index += 1) {
    if (states[index] !== 'ready') continue;
    waiting.push({ dagId: plan.dagId, functionId: plan.ids[index]!, lacking: allocation.shortOf(kinds[index]!) });
  }
  return waiting;
}
