import type { Capabilities } from '../../allocator/index.js';
import type { HandoffError } from '../../base/index.js';
import type { ThrownData } from '../../value/index.js';
import type { ErrorData } from './run-fault.js';

/** How many functions of a run are in each state; they add up to `total`. `ready` includes placed, inline functions do not count. */
export interface Progress {
  readonly total: number;
  readonly waiting: number;
  readonly ready: number;
  readonly running: number;
  readonly resting: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
}

/** What happens in a run, told as it happens. `atMs` is the driver's wall clock; attempts count from 1. */
export type RunEvent = { readonly runId: string; readonly dagId: string; readonly atMs: number } & (
  | { readonly type: 'run-started'; readonly total: number }
  | { readonly type: 'function-ready'; readonly functionId: string }
  | { readonly type: 'function-waiting'; readonly functionId: string; readonly for: Capabilities }
  | { readonly type: 'function-started'; readonly functionId: string; readonly attempt: number; readonly node: string }
  | {
      readonly type: 'function-succeeded';
      readonly functionId: string;
      readonly attempt: number;
      readonly node: string;
      readonly tookMs: number;
      readonly sizeBytes: number;
    }
  | {
      readonly type: 'function-resting';
      readonly functionId: string;
      readonly attempt: number;
      readonly error: Error;
      readonly delayMs: number;
    }
  | { readonly type: 'function-failed'; readonly functionId: string; readonly attempt: number; readonly error: HandoffError }
  | { readonly type: 'function-skipped' | 'function-cancelled'; readonly functionId: string }
  | { readonly type: 'function-lost'; readonly functionId: string; readonly attempt: number; readonly node: string }
  | {
      readonly type: 'run-completed';
      readonly durationMs: number;
      /** Empty for who subscribes when the results are kept no more. */
      readonly results: Readonly<Record<string, unknown>>;
      readonly allocations: Readonly<Record<string, string>>;
      readonly failures: Readonly<Record<string, HandoffError>>;
    }
  | { readonly type: 'run-failed'; readonly error: HandoffError }
);

/** The last event of a run that succeeded. */
export type CompletedEvent = Extract<RunEvent, { type: 'run-completed' }>;

/** The last event of a run that did not. */
export type FailedEvent = Extract<RunEvent, { type: 'run-failed' }>;

/** Proof that a function ran: where, how large its value is, how long it took. The value itself is in that node's store. */
export interface Receipt {
  readonly node: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
  /** Whether the driver has the value too: it was made there, or rode along. */
  readonly isHere: boolean;
}

/** An event as the brain makes it: its error, if it has one, is plain data. */
export type RunAnnouncement = AsData<RunEvent>;

type AsData<E> = E extends { readonly type: 'function-resting' | 'function-failed' } ? Omit<E, 'error'> & { readonly error: ErrorData } : E;

/** What a run hears: the events of its brain. Plain data, as the state is: what was written down can be heard again. */
export type RunHappening =
  | { readonly type: 'run-begun' }
  /** The event loop has had its turn: more functions may begin. */
  | { readonly type: 'turn-taken' }
  /** `mayQueue`: whether its attempt may wait for room on that node. */
  | { readonly type: 'function-placed'; readonly index: number; readonly node: string; readonly mayQueue: boolean }
  | { readonly type: 'functions-waited'; readonly indices: readonly number[]; readonly lacking: Capabilities }
  | { readonly type: 'placement-refused'; readonly index: number; readonly error: ThrownData }
  /** The only node that could run it is gone, and has not come back in time. */
  | { readonly type: 'node-missed'; readonly index: number; readonly node: string; readonly waitedMs: number; readonly isMember?: boolean }
  | { readonly type: 'attempt-started'; readonly index: number; readonly attempt: number }
  | { readonly type: 'attempt-succeeded'; readonly index: number; readonly attempt: number; readonly receipt: Receipt }
  | {
      readonly type: 'attempt-failed';
      readonly index: number;
      readonly attempt: number;
      readonly error: ThrownData;
      readonly final: boolean;
      /** In [0, 1), for the jitter of the rest. */
      readonly random: number;
      /** Its code goes on, and holds the claim until it is over: the claim is not the run's any more. Default false. */
      readonly keepsClaim?: boolean;
    }
  | { readonly type: 'attempt-stopped'; readonly index: number; readonly attempt: number; readonly keepsClaim?: boolean }
  /** The node has no room for it, or leaves: it goes elsewhere, and that counts as nothing. */
  | { readonly type: 'attempt-declined'; readonly index: number; readonly attempt: number }
  /** The node is gone. */
  | { readonly type: 'attempt-lost'; readonly index: number; readonly attempt: number }
  /** An argument, the value of function `producer`, is nowhere to be found: it was not tried, and that counts as nothing. */
  | {
      readonly type: 'argument-lost';
      readonly index: number;
      readonly attempt: number;
      readonly producer: number;
      readonly error: ThrownData;
    }
  /** The values of these functions were on a node that is gone, and nowhere else. */
  | { readonly type: 'values-lost'; readonly indices: readonly number[] }
  /** A collected value has come to the driver. */
  | { readonly type: 'value-fetched'; readonly index: number; readonly attempt: number }
  /** The node that made it is there, and has it no more. */
  | { readonly type: 'value-missing'; readonly index: number; readonly attempt: number; readonly error: ThrownData }
  | { readonly type: 'function-rested'; readonly index: number; readonly attempt: number }
  /** The run is to end: cancelled, timed out, its node stopping. Attempts get `graceMs` to end by themselves. */
  | { readonly type: 'run-ending'; readonly error: ThrownData; readonly graceMs: number }
  /** No DagRunner will take the run up any more: it ends at once, and with this error whatever else was to end it. */
  | { readonly type: 'run-abandoned'; readonly error: ThrownData };

/**
 * What the brain of a run wants done. The first four are done at once, and nobody answers them. The others are outstanding until something
 * happens; `recover` makes them again from the state alone, so each can be done again without harm.
 */
export type RunCommand =
  | { readonly type: 'announce'; readonly event: RunAnnouncement }
  /** The function holds its claim on that node no more. */
  | { readonly type: 'free-claim'; readonly index: number; readonly node: string }
  /** Takes back what was asked for and has not been granted. */
  | { readonly type: 'withdraw-claim'; readonly index: number }
  | { readonly type: 'drop-value'; readonly index: number }
  /** Not all functions have begun: the rest do after a turn of the event loop. */
  | { readonly type: 'take-turn' }
  | { readonly type: 'request-claim'; readonly index: number }
  | { readonly type: 'start-attempt'; readonly index: number; readonly attempt: number }
  | {
      readonly type: 'stop-attempt';
      readonly index: number;
      readonly attempt: number;
      readonly reason: ErrorData;
      readonly graceMs: number;
    }
  | { readonly type: 'rest-function'; readonly index: number; readonly attempt: number; readonly delayMs: number }
  /** Brings a collected value to the driver. */
  | { readonly type: 'fetch-value'; readonly index: number; readonly attempt: number }
  | { readonly type: 'end-run'; readonly error: ErrorData | undefined };
