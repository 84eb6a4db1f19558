// Brain: pure.
import type { ObservedRun } from '../../runner/index.js';
import type { LinkedFunction, RunHeader, ShownState, StateCounts } from './view-types.js';

/** The states that pages tell apart, in the order of a function's life. */
export const SHOWN_STATES = ['waiting', 'ready', 'running', 'resting', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;

type FunctionState = ReturnType<ObservedRun['stateOf']>;

/** Each state of a function, as the number of the one that is shown for it. */
const NUMBERS: Readonly<Record<FunctionState, number>> = {
  waiting: 0,
  'looking-up': 1,
  ready: 1,
  placed: 1,
  running: 2,
  recording: 2,
  open: 2,
  resting: 3,
  succeeded: 4,
  failed: 5,
  skipped: 6,
  cancelled: 7,
};

/** Returns the number of the state that is shown for a function: its place in `SHOWN_STATES`. */
export function stateNumber(state: FunctionState): number {
  // Frequent ones are read by name: an access by a variable key looks the name up each time.
  if (state === 'succeeded') return 4;
  if (state === 'waiting') return 0;
  return NUMBERS[state];
}

/** Returns the state that is shown for a function. */
export const shownStateOf = (run: ObservedRun, index: number): ShownState => SHOWN_STATES[stateNumber(run.stateOf(index))]!;

/** Returns the counts of states, from eight numbers at `at`. */
export function countsAt(counts: Readonly<Int32Array>, at: number): StateCounts {
  return {
    waiting: counts[at]!,
    ready: counts[at + 1]!,
    running: counts[at + 2]!,
    resting: counts[at + 3]!,
    succeeded: counts[at + 4]!,
    failed: counts[at + 5]!,
    skipped: counts[at + 6]!,
    cancelled: counts[at + 7]!,
  };
}

/** Returns what every view of a run begins with. */
export function headerOf(run: ObservedRun): RunHeader {
  const { runId, dagId, key, driver, state, progress, startedAtMs, elapsedMs, version, error } = run;
  return {
    runId,
    dagId,
    ...(key !== undefined && { key }),
    driver,
    state,
    progress,
    ...(run.notRun.journal + run.notRun.cache > 0 && { notRun: run.notRun }),
    startedAtMs,
    elapsedMs,
    version,
    ...(error && { error }),
  };
}

/** Returns a function as a link. */
export const linkTo = (run: ObservedRun, index: number): LinkedFunction => ({
  functionId: run.idOf(index),
  state: shownStateOf(run, index),
});
