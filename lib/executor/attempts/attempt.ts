import type { HandoffError } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import type { StoredValue, ValueFacts } from '../../value/index.js';
import type { AttemptTrace } from '../tracing/trace-context.js';

/** The identity of an attempt, as `currentFunction()` shows it, without its signal. Attempts count from 1. */
export interface AttemptContext {
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  readonly node: string;
  /** In which opening of a durable run the function became what it is: its idempotency key is made of that. Undefined in other runs. */
  readonly since?: number | undefined;
  /** The place of an element in its map. Undefined in other functions. */
  readonly element?: number | undefined;
}

/**
 * One function to call. `inputs` come first, in order: each is a value, or the index of an earlier step of the same call. `V` is the form
 * that values have where the step runs.
 */
export interface CallStep<V = StoredValue> {
  readonly role: 'function' | 'inline' | 'serialize' | 'deserialize';
  /** The DAG's function that this code belongs to; for a (de)serializer the producer of its edge. */
  readonly functionId: string;
  readonly code: AnyFunction | CodeRef;
  readonly inputs: readonly (V | number)[];
  /** Whether the inputs are passed as one array in first place. */
  readonly asList: boolean;
  /** An array of constants that follow the inputs, if there are any. */
  readonly extra: V | undefined;
  /** Whether the value of this step leaves the call. The last step's value always does. */
  readonly wanted: boolean;
  /** Whether the value of this step leaves the call for a sole user, and is no result of the run. Default false. */
  readonly isSole?: boolean | undefined;
  /**
   * `split`: a map goes over the value. If it is an array, its elements leave the call one by one: none shares objects with another. Given
   * for a last step only, as `gist` is. `dag`: the value is a DAG, which leaves the call as data, or as a snapshot if the code is a plain
   * function.
   */
  readonly shape?: 'split' | 'dag' | undefined;
  /** The gist of the value is wanted, with texts of at most so many characters. */
  readonly gist?: number | undefined;
  /**
   * Whether the digest of the value is wanted, and of an array that a map goes over those of its elements. Given for a last step only. An
   * isolation may leave them out. Default false.
   */
  readonly isDigested?: boolean | undefined;
}

/** What an isolation runs at one go, in one place: a function, together with the inline functions and (de)serializers it needs. */
export interface IsolationCall {
  readonly context: AttemptContext;
  readonly steps: readonly CallStep[];
  /** Its place in a trace, if its run is traced. An isolation that wraps another hands it on. */
  readonly trace?: AttemptTrace | undefined;
}

/** Code that could not be ended, mostly as its thread is blocked in a system call. The call's claim is not free until it is over. */
export interface BlockedCall {
  /** What runs the code, for errors: `thread` or `process`, which were killed, or `isolation`, or a word of a user's own isolation. */
  readonly what: string;
  /** Calls `told` once when the code is over, or now if it is. */
  whenOver(told: () => void): void;
}

/** How long the parts of an attempt took on the node that ran it, ms. What is left out took no time. */
export interface NodePhases {
  /** It was queued there. An isolation knows nothing of that. */
  readonly waitMs?: number;
  /** Its arguments were gathered there. An isolation knows nothing of that. */
  readonly fetchMs?: number;
  /** Modules were loaded, and arguments unpacked. */
  readonly loadMs: number;
  /** The function itself ran, with inline functions and (de)serializers. */
  readonly runMs: number;
  /** The result was checked and packed. */
  readonly packMs: number;
}

/**
 * The outcome of a call. `values` are those of the wanted steps, in order. A failure that is `final` is not attempted again. `blocked`
 * means that the call was given up while its code goes on. `phases` may be left out: then nothing but the function itself took time.
 */
export type CallOutcome =
  | {
      readonly type: 'succeeded';
      readonly values: readonly StoredValue[];
      readonly tookMs: number;
      /** What the last step asked for. */
      readonly facts?: ValueFacts | undefined;
      readonly phases?: NodePhases | undefined;
      /** The `traceparent` of the attempt's own span, if it has one. Isolations leave it out. */
      readonly span?: string | undefined;
    }
  | {
      readonly type: 'failed';
      readonly error: unknown;
      readonly final: boolean;
      readonly blocked?: BlockedCall | undefined;
      readonly phases?: NodePhases | undefined;
    }
  | { readonly type: 'stopped'; readonly blocked?: BlockedCall | undefined };

/** Returns the outcome of a call that has made its values. Written out: a spread would cost more than the rest of a small call's end. */
export function succeededOutcome(
  values: readonly StoredValue[],
  tookMs: number,
  facts: ValueFacts | undefined,
  phases: NodePhases | undefined,
): CallOutcome {
  if (facts) return phases ? { type: 'succeeded', values, tookMs, facts, phases } : { type: 'succeeded', values, tookMs, facts };
  return phases ? { type: 'succeeded', values, tookMs, phases } : { type: 'succeeded', values, tookMs };
}

/** Returns the outcome of a stopped call. With `blocked` its code goes on. */
export const stoppedOutcome = (blocked: BlockedCall | undefined): CallOutcome =>
  blocked ? { type: 'stopped', blocked } : { type: 'stopped' };

/** A call in progress. */
export interface RunningCall {
  /**
   * Ends the call. Its `signal` aborts now, with `reason`. Code that can be stopped is stopped `graceMs` later unless it has ended.
   * `settle` receives `stopped` when the call has ended, whatever it still returned. If its code cannot be ended, `settle` receives that a
   * second later, with `blocked`. A second stop may only shorten the time.
   */
  stop(reason: HandoffError, graceMs: number): void;
}

/** A call that lies where another runs, until that one ends. Before it has begun it is not stopped, but taken back. */
export interface LyingCall extends RunningCall {
  /** Takes the call back, unless it has begun. Returns whether it is back: then it never runs, and `settle` is not called. */
  takeBack(): boolean;
  /** Begins the call now, wherever there is room. */
  promote(): void;
}
