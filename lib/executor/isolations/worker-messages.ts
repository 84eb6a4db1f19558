import type { MessagePort } from 'node:worker_threads';
import type { Packed } from '../../value/index.js';
import type { AttemptContext, Step } from '../attempts/attempt.js';
import type { OutputStream } from '../attempts/current-function.js';

/** A value that crosses: packed, or a small primitive as it is. */
export type Crossing = Packed | string | number | boolean | bigint | null | undefined;

/** Primitives up to this length cross as they are; what is longer stays packed until somebody opens it. */
export const PLAIN_TEXT_LENGTH = 1000;

/** Whether a value crosses as it is. */
export function isPlain(value: unknown): value is Exclude<Crossing, Packed> {
  if (typeof value === 'string') return value.length <= PLAIN_TEXT_LENGTH;
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
}

/** A value on its way into a worker. */
export interface CrossingInput {
  readonly value: Crossing;
  /** Whether it is frozen where it is opened. */
  readonly freeze: boolean;
}

/** A step without closures: those cannot leave the loop. What is usual is left out, as every field costs on each way. */
export interface WorkerStep {
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

/** What a worker is asked to run. `key` tells this call from every other of the isolation. */
export interface WorkerCall {
  readonly type: 'call';
  readonly key: number;
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  readonly steps: readonly WorkerStep[];
}

/** What a worker is told. */
export type ToWorker =
  | WorkerCall
  /** The signal of that call aborts. */
  | { readonly type: 'abort'; readonly key: number; readonly reason: Packed };

/**
 * Whose fault a failure is: that of the attempt which ran (`own`), of one that ran there before (`other`), or of one of them (`unsure`).
 */
export type Blame = 'own' | 'other' | 'unsure';

/** How a call ended. */
export type WorkerAnswer =
  | { readonly type: 'succeeded'; readonly key: number; readonly values: readonly Crossing[]; readonly tookMs: number }
  | {
      readonly type: 'failed';
      readonly key: number;
      /** `null`: it could not be packed, for what `spoilt` names. */
      readonly error: Packed | null;
      readonly final: boolean;
      /** Whether the worker must not be used again. */
      readonly retire: boolean;
      readonly blame: Blame;
      /** The built-in that has been changed in the worker, if one has. */
      readonly spoilt: string | null;
    };

/** What a worker tells. */
export type FromWorker =
  /** It can be called from now on. */
  | { readonly type: 'ready' }
  | WorkerAnswer
  /** A line that a function wrote. What it wrote before its end comes before its answer. */
  | { readonly type: 'line'; readonly context: AttemptContext; readonly stream: OutputStream; readonly text: string }
  /** Code in the worker has called `process.exit`, or `process.abort`. */
  | { readonly type: 'exiting'; readonly code: number; readonly blame: Blame };

/** What a worker is made with. */
export interface WorkerSetUp {
  readonly root: string;
  readonly node: string;
  readonly freeze: boolean;
}

/** What a thread is made with. */
export interface ThreadSetUp extends WorkerSetUp {
  /** The only way to and from the thread. Code of users does not see it. */
  readonly port: MessagePort;
}

/** How the set-up lies in `workerData`, until the thread takes it out. */
export interface ThreadData {
  setUp?: ThreadSetUp;
}

/** A worker's own end of the way between it and its pool. */
export interface WorkerLink extends WorkerSetUp {
  /** Whether the pool can read memory of this worker, so that large values cross without a copy. */
  readonly sharesMemory: boolean;
  readonly tell: (message: FromWorker) => void;
  /** Begins to hear. */
  readonly listen: (heard: (message: ToWorker) => void) => void;
}
