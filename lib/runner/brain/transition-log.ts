// Brain: pure.
import type { FunctionEvent, FunctionState } from './function-state.js';

/** How many transitions are kept. */
const LENGTH = 1000;

/** The last 1,000 transitions of a run, for replay and for the message of an error that should never be thrown. Plain data. */
export interface TransitionLog {
  readonly entries: Transition[];
  /** The position of the next one; in a full log the position of the oldest. */
  next: number;
}

/** A log without transitions. */
export const newTransitionLog = (): TransitionLog => ({ entries: [], next: 0 });

/** Adds a transition. In a full log it replaces the oldest. */
export function logTransition(
  log: TransitionLog,
  atMs: number,
  index: number,
  from: FunctionState,
  event: FunctionEvent,
  to: FunctionState,
): void {
  const entry = log.entries[log.next];
  if (entry) {
    entry[0] = atMs;
    entry[1] = index;
    entry[2] = from;
    entry[3] = event;
    entry[4] = to;
  } else log.entries.push([atMs, index, from, event, to]);
  log.next = (log.next + 1) % LENGTH;
}

/** Returns the transitions, oldest first. */
export const transitionsOf = ({ entries, next }: TransitionLog): readonly Transition[] => [
  ...entries.slice(next),
  ...entries.slice(0, next),
];

/** Returns a transition as one line. */
export const transitionText = ([atMs, , from, event, to]: Transition, functionId: string): string =>
  `${atMs.toFixed(1)} ${functionId} ${from} --${event}--> ${to}`;

/** One change of a function's state: when (monotonic ms), which function, from what state, by what event, to what state. */
export type Transition = [atMs: number, index: number, from: FunctionState, event: FunctionEvent, to: FunctionState];
