import type { CodeRef } from '../../dag/index.js';
import type { Packed } from '../../value/index.js';
import type { AttemptContext } from '../attempt.js';
import type { RunnableStep } from '../steps-run.js';

/** A value on its way into a thread. */
export interface PackedValue {
  readonly packed: Packed;
  /** Whether it is frozen where it is opened. */
  readonly freeze: boolean;
}

/** A step without closures: those cannot leave the loop. */
export type ThreadStep = RunnableStep<PackedValue> & { readonly code: CodeRef };

/** What a thread is asked to run. `key` tells this call from every other of the isolation. */
export interface ThreadCall {
  readonly key: number;
  readonly context: AttemptContext;
  readonly steps: readonly ThreadStep[];
  /** Given up before a thread took it: not run. */
  readonly skip: boolean;
}

/** How it ended. `lines`: how many lines it has written. */
export type ThreadAnswer =
  | { readonly type: 'succeeded'; readonly values: readonly Packed[]; readonly tookMs: number; readonly lines: number }
  /** `retire`: the thread must not be used again, as the failure was one that nobody caught. */
  | { readonly type: 'failed'; readonly error: Packed; readonly final: boolean; readonly retire: boolean; readonly lines: number };

/** A line that a function wrote. */
export interface ThreadLine {
  readonly type: 'line';
  readonly key: number;
  readonly context: AttemptContext;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** On the channel between the isolation and all its threads. */
export type ThreadSignal =
  /** To the threads: the signal of that call aborts. */
  | { readonly type: 'abort'; readonly key: number; readonly reason: Packed }
  /** From a thread that has just begun to listen: what was said before was not heard. */
  | { readonly type: 'listening' };

/** What a thread is made with. */
export interface ThreadSetUp {
  readonly root: string;
  readonly node: string;
  readonly channel: string;
  /** Whether what could not be passed on is refused also where one step passes it to the next. */
  readonly strict: boolean;
  readonly freeze: boolean;
}
