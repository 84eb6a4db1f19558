import type { HandoffError } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import type { StoredValue } from '../../value/index.js';

/** Whose attempt it is; what `currentFunction()` tells, `signal` apart. Attempts count from 1. */
export interface AttemptContext {
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  readonly node: string;
}

/**
 * One function to call. `inputs` come first, in order: a value, or the index of an earlier step of the same call. `V` is a value in the
 * form of the place that runs the step.
 */
export interface Step<V = StoredValue> {
  readonly role: 'function' | 'inline' | 'serialize' | 'deserialize';
  /** The function in the DAG whose code this is; for a (de)serializer the producer of its edge. */
  readonly functionId: string;
  readonly code: AnyFunction | CodeRef;
  readonly inputs: readonly (V | number)[];
  /** Whether the inputs are passed as one array in first place. */
  readonly asList: boolean;
  /** An array of constants that follow the inputs, if there are any. */
  readonly extra: V | undefined;
  /** Whether the value of this step leaves the call; that of the last step always does. */
  readonly wanted: boolean;
  /** Whether the value of this step, which leaves the call, has one user only, and is no result of the run. Default false. */
  readonly isForOne?: boolean | undefined;
}

/** What an isolation runs at one go, in one place: a function, together with the inline functions and (de)serializers it needs. */
export interface Call {
  readonly context: AttemptContext;
  readonly steps: readonly Step[];
}

/** Code that could not be ended: its thread is blocked in a system call. What the call holds is not free before it is over. */
export interface Blocked {
  /** Calls `told` once when it is over; now, if it is. */
  whenOver(told: () => void): void;
}

/**
 * How a call ended. `values` are those of the wanted steps, in order. A failure that is `final` is not attempted again. `blocked`: the call
 * has been given up, its code goes on.
 */
export type Outcome =
  | { readonly type: 'succeeded'; readonly values: readonly StoredValue[]; readonly tookMs: number }
  | { readonly type: 'failed'; readonly error: unknown; readonly final: boolean; readonly blocked?: Blocked | undefined }
  | { readonly type: 'stopped'; readonly blocked?: Blocked | undefined };

/** It was stopped; `blocked`, its code goes on. */
export const stoppedOutcome = (blocked: Blocked | undefined): Outcome => (blocked ? { type: 'stopped', blocked } : { type: 'stopped' });

/** A call under way. */
export interface Running {
  /**
   * Ends the call: its `signal` aborts now, with `reason`; code that can be stopped is stopped `graceMs` later unless it ended before.
   * `settle` hears `stopped` when the call has ended, whatever it still answered; or, `blocked`, a second later where its code cannot be
   * ended. A second stop may only shorten the time.
   */
  stop(reason: HandoffError, graceMs: number): void;
}
