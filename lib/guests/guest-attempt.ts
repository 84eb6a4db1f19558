import type { AttemptLoan, ClaimClass } from '../allocator/index.js';
import { HandoffError, slotResource } from '../base/index.js';
import type { AttemptContext, AttemptHandle, GatheredOutcome, LyingFunction } from '../executor/index.js';
import type { AttemptName, WireMessageOf, WireOutcome } from '../peer/index.js';

/** One attempt for another driver: it waits for room, lies where another runs, runs, or has ended, in case the answer was lost. */
export interface GuestAttempt {
  /** Its index in the allocator, and its place in the order of the run: the attempts of a run are counted as they come. */
  readonly index: number;
  /** Its name. An heir that adopts it does so in its own epoch. */
  of: AttemptName;
  /** Dropped when the attempt has ended: thousands are remembered, and must not retain their questions. */
  question: WireMessageOf<'run-attempt'> | undefined;
  readonly kind: ClaimClass;
  state: 'queued' | 'lying' | 'running' | 'ended';
  handle: LyingFunction | AttemptHandle<GatheredOutcome> | undefined;
  /** Since when it waits for room or for a turn, ms; `undefined` if it did not have to. Once it has begun: how long it has waited. */
  queuedSinceMs: number | undefined;
  waitedMs: number;
  isStopped: boolean;
  /** Whether it is over but for the file of its value. It holds nothing any more. */
  isFiling: boolean;
  /** The loan of its claim, if its function has started runs itself. */
  loan: AttemptLoan | undefined;
  /** The outcome without the value, which is in this node's store. Only small parts are made anew for a second answer. */
  outcome: WireOutcome | undefined;
  /** Whether it ended while nobody drove its run: then no driver has its outcome. */
  isUnheard: boolean;
}

/** Returns how an attempt that was asked for is known to its code on `node`. */
export function contextOf({ of, dagId, since, element }: WireMessageOf<'run-attempt'>, node: string): AttemptContext {
  const [runId, functionId, attempt] = of;
  return { dagId, runId, functionId, attempt, node, since: since ?? undefined, element: element ?? undefined };
}

/** Returns a new attempt. */
export const newGuestAttempt = (index: number, question: WireMessageOf<'run-attempt'>, kind: ClaimClass): GuestAttempt => ({
  index,
  of: question.of,
  question,
  kind,
  state: 'queued',
  handle: undefined,
  queuedSinceMs: undefined,
  waitedMs: 0,
  isStopped: false,
  isFiling: false,
  loan: undefined,
  outcome: undefined,
  isUnheard: false,
});

/** Stops a running attempt, or one that is about to start. */
export function halt(attempt: GuestAttempt, reason: HandoffError, graceMs: number): void {
  attempt.isStopped = true;
  attempt.handle?.stop(reason, graceMs);
}

/** Why a node stops what it runs by itself. */
export const stoppedOn = (node: string): HandoffError =>
  new HandoffError('HANDOFF_STOPPED', `Node "${node}" no longer runs this`, { node });

/** Adds what an attempt holds of its node, if it runs and has not lent its claim. */
export function addUse(use: Map<string, number>, { state, kind, loan, isFiling }: GuestAttempt): void {
  if (state !== 'running' || isFiling || loan?.isOut) return;
  const slot = slotResource(kind.slot);
  use.set(slot, (use.get(slot) ?? 0) + 1);
  for (const [name, amount] of Object.entries(kind.costs)) use.set(name, (use.get(name) ?? 0) + amount);
}

/** Whether it waits for room that its driver had believed to be free. What was sent ahead of room does not count. */
export const isWaiting = ({ state, question }: GuestAttempt): boolean => state === 'queued' && question?.isAhead === false;

/** Functions with the numbers of their attempts, as drivers list them. */
export type AttemptList = readonly (readonly [functionId: string, attempt: number])[];
