import type { MessagePort } from 'node:worker_threads';
import type { PlainPlace } from '../../files/index.js';
import type { Packed, ValueFacts } from '../../value/index.js';
import type { AttemptContext, CallStep, NodePhases } from '../attempts/attempt.js';
import type { OutputStream } from '../attempts/current-function.js';
import type { TraceContext } from '../tracing/trace-context.js';

/** A value that crosses: packed, or a small primitive as it is. */
export type Crossing = Packed | string | number | boolean | bigint | null | undefined;

/** Texts up to this length cross as they are. A longer text stays packed until it is opened. */
export const PLAIN_TEXT_LENGTH = 1000;

/** What crosses as it is. */
export type PlainValue = Exclude<Crossing, Packed>;

/** Whether a value crosses as it is. */
export function isPlain(value: unknown): value is PlainValue {
  if (typeof value === 'string') return value.length <= PLAIN_TEXT_LENGTH;
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
}

/** A value on its way into a worker, or where the worker reads it. */
export interface CrossingInput {
  /** Constants cross as a list if each of them crosses as it is. */
  readonly value: Crossing | readonly PlainValue[];
  /** Where it lies. By default it is `value`. */
  readonly place?: PlainPlace;
  /** Whether it is frozen where it is opened. */
  readonly freeze: boolean;
}

/** A step without closures, which cannot leave the loop. Usual values are left out, as every field costs time on each crossing. */
export interface WorkerStep {
  readonly module: string;
  readonly name: string;
  /** Default `'function'`. */
  readonly role?: CallStep<CrossingInput>['role'];
  /** The default is that of the call. */
  readonly functionId?: string;
  /** The default is none. */
  readonly inputs?: readonly (CrossingInput | number)[];
  readonly asList?: true;
  readonly extra?: CrossingInput;
  readonly wanted?: true;
  readonly shape?: CallStep['shape'];
  readonly gist?: number;
  readonly isDigested?: true;
}

/** A call for a worker. `key` identifies it within the isolation. */
export interface WorkerCall {
  readonly type: 'call';
  readonly key: number;
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  /** Left out in runs that are not durable. */
  readonly since?: number;
  /** Left out for functions that are no elements of a map. */
  readonly element?: number;
  /** Left out in runs that are not traced. */
  readonly trace?: TraceContext;
  /** Its place, if it was sent before the call before it had ended. It begins only if it still may: see `NextCalls`. */
  readonly lies?: number;
  readonly steps: readonly WorkerStep[];
  /** Left out where no input lies in a file. */
  readonly readsFiles?: true;
}

/**
 * A call of one function, as most calls are, by position: every name costs time on each crossing. `place` is that of `NextCalls` if it
 * lies, else -1. What is packed is frozen where it is opened if the worker freezes.
 */
export type ShortCall = readonly [
  key: number,
  place: number,
  dagId: string,
  runId: string,
  functionId: string,
  attempt: number,
  module: string,
  name: string,
  inputs: readonly Crossing[],
  constants: readonly PlainValue[] | undefined,
];

/** Taken before user code can change it. */
const { isArray } = Array;

/** Whether what may be in short, or a list, is. */
export const isShort = <M>(message: M): message is Extract<M, readonly unknown[]> => isArray(message);

/** Messages to a worker. */
export type ToWorker =
  | WorkerCall
  | ShortCall
  /** Aborts the signal of that call. */
  | { readonly type: 'abort'; readonly key: number; readonly reason: Packed };

/** Whose fault a failure is: that of the running attempt (`own`), of an earlier one in the worker (`other`), or either (`unsure`). */
export type Blame = 'own' | 'other' | 'unsure';

/** The outcome of a call. */
export type WorkerAnswer =
  | {
      readonly type: 'succeeded';
      readonly key: number;
      readonly values: readonly Crossing[];
      readonly tookMs: number;
      readonly facts?: ValueFacts;
      /** Left out where nothing but the function itself took time. */
      readonly phases?: NodePhases;
    }
  | {
      readonly type: 'failed';
      readonly key: number;
      /** `null` if it could not be packed, because of the built-in that `spoilt` names. */
      readonly error: Packed | null;
      readonly final: boolean;
      /** Whether the worker must not be used again. */
      readonly retire: boolean;
      readonly blame: Blame;
      /** The built-in that was changed in the worker, if any. */
      readonly spoilt: string | null;
      /** Left out where an error came that no step threw. */
      readonly phases?: NodePhases;
    }
  /** An input in a file could not be read. What would have been called with it was not. */
  | { readonly type: 'unread'; readonly key: number };

/** The success of a call with one value and nothing to tell of it, as most answers are. */
export type ShortAnswer = readonly [key: number, tookMs: number, value: Crossing];

/** Messages of a worker, as the pool reads them: a `ShortAnswer` is read as what it stands for. */
export type FromWorker =
  /** It can be called from now on. */
  | { readonly type: 'ready' }
  /** It cannot be called, as its `threadSetup` has failed; `null` for an error that cannot be packed. */
  | { readonly type: 'not-ready'; readonly error: Packed | null }
  | WorkerAnswer
  /** A line that a function wrote. Lines written before its end come before its answer. */
  | { readonly type: 'line'; readonly context: AttemptContext; readonly stream: OutputStream; readonly text: string }
  /** Code in the worker has called `process.exit` or `process.abort`. */
  | { readonly type: 'exiting'; readonly code: number; readonly blame: Blame };

/** The set-up of a worker. */
export interface WorkerSetUp {
  readonly root: string;
  readonly node: string;
  readonly freeze: boolean;
  /** The URL of a module to load first. */
  readonly threadSetup?: string | undefined;
}

/** The set-up of a thread. */
export interface ThreadSetUp extends WorkerSetUp {
  /** The only channel to and from the thread. User code does not see it. */
  readonly port: MessagePort;
  /** See `NextCalls`. */
  readonly next: Int32Array;
}

/** The set-up in `workerData`, until the thread removes it. */
export interface ThreadData {
  setUp?: ThreadSetUp;
}

/** A worker's own end of the channel to its pool. */
export interface WorkerLink extends WorkerSetUp {
  /** Whether the pool can read memory of this worker, so that large values cross without a copy. */
  readonly sharesMemory: boolean;
  /** Says whether a call that lies may begin. Missing where none lies. */
  readonly mayBegin?: (place: number, key: number) => boolean;
  readonly tell: (message: FromWorker | ShortAnswer) => void;
  /** Starts listening. */
  readonly listen: (heard: (message: ToWorker) => void) => void;
}
