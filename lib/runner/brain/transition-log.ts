// Brain: pure.
import { type FunctionEvent, type FunctionState, TRANSITIONS } from './function-state.js';

/** How many transitions are kept. */
const LENGTH = 1000;

/** The last 1,000 transitions of a run, for replay and for the message of an error that should never be thrown. Plain data, in columns. */
export interface TransitionLog {
  readonly atMs: number[];
  readonly indices: number[];
  readonly from: FunctionState[];
  readonly events: FunctionEvent[];
  /** The position of the next one; in a full log the position of the oldest. */
  next: number;
}

/** A log without transitions. */
export const newTransitionLog = (): TransitionLog => ({ atMs: [], indices: [], from: [], events: [], next: 0 });

/** Adds a transition. In a full log it replaces the oldest. */
export function logTransition(log: TransitionLog, atMs: number, index: number, from: FunctionState, event: FunctionEvent): void {
  const { next } = log;
  log.atMs[next] = atMs;
  log.indices[next] = index;
  log.from[next] = from;
  log.events[next] = event;
  log.next = next + 1 === LENGTH ? 0 : next + 1;
}

/** Returns the transitions, oldest first. */
export function transitionsOf({ atMs, indices, from, events, next }: TransitionLog): readonly Transition[] {
  const all = indices.map((index, at): Transition => {
    const [before, event] = [from[at]!, events[at]!];
    return [atMs[at]!, index, before, event, TRANSITIONS[before][event]!];
  });
  return [...all.slice(next), ...all.slice(0, next)];
}

/** Returns a transition as one line. */
export const transitionText = ([atMs, , from, event, to]: Transition, functionId: string): string =>
  `${atMs.toFixed(1)} ${functionId} ${from} --${event}--> ${to}`;

/** One change of a function's state: when (monotonic ms), which function, from what state, by what event, to what state. */
export type Transition = [atMs: number, index: number, from: FunctionState, event: FunctionEvent, to: FunctionState];
