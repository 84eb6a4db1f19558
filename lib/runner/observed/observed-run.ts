import type { FunctionState } from '../brain/function-state.js';
import type { Progress } from '../brain/messages.js';
import type { AttemptHistory } from './attempt-history.js';

/**
 * One run as a person may look at it: while it runs, after it has ended, or read from a report. Functions are indices of its plan. All
 * times are ms since the run started, by the driver's monotonic clock, but for those whose name says otherwise.
 *
 * Nothing of it changes the run. A run that grows has more functions at each look.
 */
export interface ObservedRun {
  readonly runId: string;
  readonly dagId: string;
  /** The key of a durable run. */
  readonly key: string | undefined;
  /** The node that drives it. */
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  /** When it started, by the driver's wall clock, ms since 1970. */
  readonly startedAtMs: number;
  /** How long it has run, or ran. */
  readonly elapsedMs: number;
  /** How many functions have succeeded without running: their results were recorded, or remembered. */
  readonly notRun: NotRun;
  /** Grows whenever anything below may have changed. */
  readonly version: number;
  /** Why it failed; `undefined` unless it did. */
  readonly error: ObservedError | undefined;
  /** How many functions its plan has by now. Inline functions are none. */
  readonly size: number;
  idOf(index: number): string;
  indexOf(functionId: string): number | undefined;
  stateOf(index: number): FunctionState;
  /** The number of its current or latest attempt, counted from 1; 0 before the first. */
  attemptOf(index: number): number;
  /** The node where it was placed last. */
  nodeOf(index: number): string | undefined;
  /** When the attempt that runs now was asked for; `undefined` unless one runs. */
  startedMsOf(index: number): number | undefined;
  /** The isolation of a function: `thread`, `loop`, `process`, or one of the user's own. */
  isolationOf(index: number): string;
  /** The code of a function, for people: `module#name`, or the name of a plain function. */
  codeOf(index: number): string;
  /** The functions whose values it needs, directly or through inline functions, each once. */
  producersOf(index: number): readonly number[];
  /** The functions that need its value, each once. */
  consumersOf(index: number): readonly number[];
  /** The map or the expansion that added it. */
  partOf(index: number): number | undefined;
  /** The size of its result, bytes; `undefined` before there is one. */
  sizeBytesOf(index: number): number | undefined;
  /** Where its result is from, if it has succeeded: it ran, or it did not, as that was recorded or remembered. */
  sourceOf(index: number): 'run' | keyof NotRun | undefined;
  /** Its last error, if an attempt of it has failed. */
  errorOf(index: number): ObservedError | undefined;
  /** Why it was skipped. */
  skippedFor(index: number): 'not-taken' | 'producer-failed' | undefined;
  /** What it waits for now; `undefined` if it does not wait. */
  waitOf(index: number): ObservedWait | undefined;
  /** The last lines that its attempts have written, oldest first. */
  linesOf(index: number): readonly ObservedLine[];
  readonly attempts: AttemptHistory;
}

/** How many functions did not run, by where their results are from. */
export interface NotRun {
  readonly journal: number;
  readonly cache: number;
}

/** How far a run is. */
export type ObservedRunState = 'running' | 'completed' | 'failed' | 'cancelled';

/** An error as text. Causes follow, the nearest first. */
export interface ObservedError {
  readonly name: string;
  readonly code?: string | undefined;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: ObservedError | undefined;
}

/** A line that an attempt has written. */
export interface ObservedLine {
  readonly attempt: number;
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  readonly atMs: number;
  readonly line: string;
}

/** What a function waits for. */
export interface ObservedWait {
  /**
   * `producers`: values. `room`: resources. `delay`: the pause before the next attempt. `node`: the return of a node. `bound`: the bound of
   * its map, which is then in `producers`, or `maxConcurrency` of the run.
   */
  readonly for: 'producers' | 'room' | 'delay' | 'node' | 'bound';
  /** Since when. */
  readonly sinceMs: number;
  /** The producers that have no value yet, at most the first hundred. */
  readonly producers: readonly number[];
  /** For each node that could ever run it, how much of which resource is missing there; a node without entries has room. */
  readonly lacking: readonly { readonly node: string; readonly lacking: Readonly<Record<string, number>> }[];
  /** The node whose return it waits for, if it is a certain one. */
  readonly node?: string | undefined;
  /** Until when the delay lasts, or the return of a node is waited for. */
  readonly untilMs?: number | undefined;
}
