import type { Packed } from '../../value/index.js';
import type { AttemptContext, Step } from '../attempt.js';

/** A value that crosses: packed, or a small primitive as it is. */
export type Crossing = Packed | string | number | boolean | bigint | null | undefined;

/** Primitives up to this length cross as they are; what is longer stays packed until somebody opens it. */
export const PLAIN_TEXT_LENGTH = 1000;

/** Whether a value crosses as it is. */
export function isPlain(value: unknown): value is Exclude<Crossing, Packed> {
  if (typeof value === 'string') return value.length <= PLAIN_TEXT_LENGTH;
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
}

/** A value on its way into a thread. */
export interface CrossingInput {
  readonly value: Crossing;
  /** Whether it is frozen where it is opened. */
  readonly freeze: boolean;
}

/** A step without closures: those cannot leave the loop. What is usual is left out, as every field costs on each way. */
export interface ThreadStep {
  readonly module: string;
  readonly name: string;
  /** Default `'function'`. */
  readonly role?: Step<CrossingInput>['role'];
  /** Default: that of the call. */
  readonly functionId?: string;
  /** Default: none. */
  readonly inputs?: readonly (CrossingInput | number)[];
  readonly asList?: true;
  readonly extra?: CrossingInput;
  readonly wanted?: true;
}

/** What a thread is asked to run. `key` tells this call from every other of the isolation. */
export interface ThreadCall {
  readonly key: number;
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  readonly steps: readonly ThreadStep[];
  /** Given up before a thread took it: not run. */
  readonly skip?: boolean;
}

/** How it ended. `lines`: how many lines it has written. */
export type ThreadAnswer =
  | { readonly type: 'succeeded'; readonly values: readonly Crossing[]; readonly tookMs: number; readonly lines: number }
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
