import type { Capabilities } from '../../allocator/index.js';
import type { HandoffError } from '../../base/index.js';
import type { PlanFragment } from '../../dag/index.js';
import type { NodePhases } from '../../executor/index.js';
import type { RecordedFile } from '../../journal/index.js';
import type { Gist, Split, ThrownData } from '../../value/index.js';
import type { Phases } from '../observed/attempt-history.js';
import type { ErrorData, RunFault } from './run-fault.js';

/**
 * How many functions of a run are in each state; the numbers add up to `total`. `ready` includes placed functions and those whose results
 * are looked up. Inline functions do not count. A map or an expansion counts beside its elements or functions: it is `running` from when
 * these are known until the last has ended.
 */
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

/** The events of a run, as they happen. `atMs` is the driver's wall clock. Attempts count from 1. */
export type RunEvent = { readonly runId: string; readonly dagId: string; readonly atMs: number } & (
  | { readonly type: 'run-started'; readonly total: number }
  /** `because`: why a function runs that has a record. */
  | { readonly type: 'function-ready'; readonly functionId: string; readonly because?: RerunReason }
  | { readonly type: 'function-waiting'; readonly functionId: string; readonly for: Capabilities }
  | { readonly type: 'function-started'; readonly functionId: string; readonly attempt: number; readonly node: string }
  | {
      readonly type: 'function-succeeded';
      readonly functionId: string;
      readonly attempt: number;
      readonly node: string;
      readonly tookMs: number;
      readonly sizeBytes: number;
      /**
       * `journal`: an earlier attempt at this run succeeded, and its result was taken from the record. `cache`: the result was remembered;
       * `attempt` is 0, and `node` has the value.
       */
      readonly source: 'run' | 'journal' | 'cache';
      /** Absent for what was not run now. */
      readonly phases?: Phases;
    }
  | {
      readonly type: 'function-resting';
      readonly functionId: string;
      readonly attempt: number;
      readonly error: Error;
      readonly delayMs: number;
      readonly phases?: Phases;
    }
  /** `phases`: of the attempt that failed last; absent if there was none. */
  | {
      readonly type: 'function-failed';
      readonly functionId: string;
      readonly attempt: number;
      readonly error: HandoffError;
      readonly phases?: Phases;
    }
  /** `not-taken`: its condition does not hold, or a map has nothing to go over. Its value is `undefined`. */
  | { readonly type: 'function-skipped'; readonly functionId: string; readonly reason: 'not-taken' | 'producer-failed' }
  | { readonly type: 'function-cancelled'; readonly functionId: string }
  /** The map or expansion `by` adds so many functions. It comes once, before any event of them. */
  | { readonly type: 'functions-added'; readonly by: string; readonly count: number }
  | { readonly type: 'function-lost'; readonly functionId: string; readonly attempt: number; readonly node: string }
  /** An attempt has written a line. Only `watch` with `output` has it. */
  | {
      readonly type: 'function-output';
      readonly functionId: string;
      readonly attempt: number;
      readonly node: string;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    }
  /** The reader was too slow: so many events, and lines if it wants them, are no longer kept. */
  | { readonly type: 'events-missed'; readonly count: number }
  | {
      readonly type: 'run-completed';
      readonly durationMs: number;
      /** Empty for subscribers that come after the results were dropped. */
      readonly results: Readonly<Record<string, unknown>>;
      readonly allocations: Readonly<Record<string, string>>;
      readonly failures: Readonly<Record<string, HandoffError>>;
    }
  | { readonly type: 'run-failed'; readonly error: HandoffError }
);

/**
 * The reason why a function of a resumed run runs although it has a record. Its code, constants, wiring or an input is another, a function
 * that it consumes runs again, its value is lost, it had failed, or the caller asked for it.
 */
export type RerunReason = 'code' | 'constants' | 'wiring' | 'inputs' | 'producer' | 'value-lost' | 'failed' | 'asked';

/** The last event of a run that succeeded. */
export type CompletedEvent = Extract<RunEvent, { type: 'run-completed' }>;

/** The last event of a run that failed. */
export type FailedEvent = Extract<RunEvent, { type: 'run-failed' }>;

/** What is known of how an attempt went on its node. It decides nothing. */
export interface Measured {
  /** Which slot of its isolation it had; by default the first. */
  readonly slot?: number;
  /** How long its parts took there. By default nothing but the function itself took time. */
  readonly phases?: NodePhases;
}

/** The proof that a function ran: its node, the size of its value, its duration. The value itself is in that node's store. */
export interface Receipt extends Measured {
  readonly node: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
  /** Whether the driver has the value too: it was made there, or rode along. */
  readonly isHere: boolean;
  /** The file of a large value on another node, in a durable run. */
  readonly file?: RecordedFile;
  /** It did not run: its result was remembered. */
  readonly isRemembered?: true;
  /** What conditions must know of the value, and the length of the array, if the plan asks for it. */
  readonly gist?: Gist;
  readonly split?: Split;
  /** The digest of the value, if a function that is remembered needs it. */
  readonly digest?: string;
}

/** A success that is in the record of a run, and still holds. */
export interface RecalledSuccess {
  readonly index: number;
  readonly attempt: number;
  /** The node that ran it then. */
  readonly node: string;
  readonly tookMs: number;
  readonly sizeBytes: number;
  /** Whether the value can be had: at the driver, or `isElsewhere`. */
  readonly hasValue: boolean;
  /** Whether it is in a file there, and not in memory. */
  readonly isFiled?: boolean;
  /** Whether only other nodes have the value. Default false. */
  readonly isElsewhere?: boolean;
  /** As in its receipt. */
  readonly gist?: Gist;
  readonly split?: Split;
  readonly digest?: string;
}

/** An attempt of an earlier driver that the run takes over: it runs on that node, or has succeeded there and is not recorded. */
export interface AdoptedAttempt {
  readonly index: number;
  readonly attempt: number;
  readonly node: string;
}

/** A failure that is in the record of a run, and still holds: the run went on without the function. */
export interface RecalledFailure {
  readonly index: number;
  readonly attempt: number;
  readonly failure: RunFault;
}

/** What a run knows of itself from its record when it begins. */
export interface Recollection {
  readonly successes: readonly RecalledSuccess[];
  /** Failures of optional functions. By default there are none. */
  readonly failures?: readonly RecalledFailure[];
  /** For functions that have a record and run all the same, why. */
  readonly reasons: readonly (readonly [index: number, because: RerunReason])[];
  /** Which of the successes events tell of. */
  readonly tells: 'all' | 'collected';
  /** The attempts that it takes over. Their claims are held. By default there are none. */
  readonly adopted?: readonly AdoptedAttempt[];
}

/** An event as the brain makes it. An error in it is plain data. */
export type RunAnnouncement = AsData<RunEvent>;

type AsData<E> = E extends { readonly type: 'function-resting' | 'function-failed' } ? Omit<E, 'error'> & { readonly error: ErrorData } : E;

/** What a run must know of an input, which is named as -(k+1) for input k. */
export type InputFacts = readonly [input: number, facts: { readonly gist?: Gist; readonly split?: Split }];

/** The events of a run's brain. They are plain data, as the state is: recorded events can be applied again. */
export type RunHappening =
  /** `recalled`: what its journal has of it. `inputs`: what the plan must know of its inputs, each as -(k+1) for input k. */
  | { readonly type: 'run-begun'; readonly recalled?: Recollection; readonly inputs?: readonly InputFacts[] }
  /**
   * Parts of a map or an expansion, as it has asked for them. They are appended to the plan, unless they are for a plan of another size, or
   * nobody waits for them any more. `recalled` and `failures`: the recorded successes among them, and the failures of optional functions.
   * `reasons`: for those that have a record and run all the same, why.
   */
  | {
      readonly type: 'functions-added';
      readonly added: PlanFragment;
      readonly recalled?: readonly RecalledSuccess[];
      readonly failures?: readonly RecalledFailure[];
      readonly reasons?: readonly (readonly [index: number, because: RerunReason])[];
    }
  /** The DAG of an expansion cannot be executed, so that the expansion fails. */
  | { readonly type: 'growth-refused'; readonly index: number; readonly error: ErrorData }
  /** The result of a function is remembered, and can be had from that node. `isHere`: the driver has it. */
  | (Pick<Receipt, 'node' | 'sizeBytes' | 'isHere' | 'gist' | 'split'> & { readonly type: 'result-remembered'; readonly index: number })
  | { readonly type: 'result-not-remembered'; readonly index: number }
  /** The event loop has had its turn: more functions may become ready. */
  | { readonly type: 'turn-taken' }
  /** `mayQueue`: whether its attempt may wait for room on that node. */
  | { readonly type: 'function-placed'; readonly index: number; readonly node: string; readonly mayQueue: boolean }
  | { readonly type: 'functions-waited'; readonly indices: readonly number[]; readonly lacking: Capabilities }
  | { readonly type: 'placement-refused'; readonly index: number; readonly error: ThrownData }
  /** The only node that could run it is gone, and has not come back in time; without `node`, no node that could has come. */
  | { readonly type: 'node-missed'; readonly index: number; readonly node?: string; readonly waitedMs: number; readonly isMember?: boolean }
  | { readonly type: 'attempt-started'; readonly index: number; readonly attempt: number }
  | { readonly type: 'attempt-succeeded'; readonly index: number; readonly attempt: number; readonly receipt: Receipt }
  | (Measured & {
      readonly type: 'attempt-failed';
      readonly index: number;
      readonly attempt: number;
      readonly error: ThrownData;
      readonly final: boolean;
      /** In [0, 1), for the jitter of the rest. */
      readonly random: number;
      /** Its code goes on and holds the claim until it is over. The claim no longer belongs to the run. Default false. */
      readonly keepsClaim?: boolean;
    })
  | (Measured & { readonly type: 'attempt-stopped'; readonly index: number; readonly attempt: number; readonly keepsClaim?: boolean })
  /** The node has no room for it, or is leaving. The function goes elsewhere, and this does not count as an attempt. */
  | { readonly type: 'attempt-declined'; readonly index: number; readonly attempt: number }
  /** The node is gone. */
  | (Measured & { readonly type: 'attempt-lost'; readonly index: number; readonly attempt: number })
  /**
   * An argument, the value of function `producer`, cannot be found. The attempt was not started, and does not count. `isHere`: the driver
   * has a copy, which the next attempt gets.
   */
  | {
      readonly type: 'argument-lost';
      readonly index: number;
      readonly attempt: number;
      readonly producer: number;
      readonly error: ThrownData;
      readonly isHere?: true;
    }
  /** These successes are on disk. */
  | { readonly type: 'successes-recorded'; readonly successes: readonly { readonly index: number; readonly attempt: number }[] }
  /** The journal has not been there for too long, or another driver has the run: nothing can be recorded any more. */
  | { readonly type: 'journal-lost'; readonly error: ThrownData }
  /** The values of these functions were on a lost node only. */
  | { readonly type: 'values-lost'; readonly indices: readonly number[] }
  /** A collected value has come to the driver. */
  | { readonly type: 'value-fetched'; readonly index: number; readonly attempt: number }
  /** The node that made it is alive and no longer has it. */
  | { readonly type: 'value-missing'; readonly index: number; readonly attempt: number; readonly error: ThrownData }
  | { readonly type: 'function-rested'; readonly index: number; readonly attempt: number }
  /** The run must end: it was cancelled or timed out, or its node is stopping. Attempts get `graceMs` to end by themselves. */
  | { readonly type: 'run-ending'; readonly error: ThrownData; readonly graceMs: number }
  /** No DagRunner will take the run over. It ends at once, and with this error, whatever the reason before. */
  | { readonly type: 'run-abandoned'; readonly error: ThrownData };

/**
 * The commands of a run's brain. The first seven are performed at once and have no answer, but for `record-success` under `strict`. The
 * others are outstanding until an event answers them. `recover` makes them again from the state alone, so repeating one must be harmless.
 */
export type RunCommand =
  /** `of`: the function whose attempt has ended, if the event says so. */
  | { readonly type: 'announce'; readonly event: RunAnnouncement; readonly of?: number }
  /** The function no longer holds its claim on that node. */
  | { readonly type: 'free-claim'; readonly index: number; readonly node: string }
  /** Withdraws a requested claim that has not been granted. */
  | { readonly type: 'withdraw-claim'; readonly index: number }
  | { readonly type: 'drop-value'; readonly index: number }
  /** Writes a success into the journal; under `strict` the brain waits for `successes-recorded`. Asked for again, it is written once. */
  | { readonly type: 'record-success'; readonly index: number; readonly attempt: number; readonly receipt: Receipt }
  | { readonly type: 'record-failure'; readonly index: number }
  /** The function will not give its result soon. Others with the same key, that wait for it, may run. */
  | { readonly type: 'free-key'; readonly index: number }
  /** Looks up whether the result of a function is remembered. Answered by `result-remembered` or `result-not-remembered`. */
  | { readonly type: 'look-up-result'; readonly index: number }
  /** Not all functions have become ready: the rest follow after a turn of the event loop. */
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
  /** Appends `count` elements of a map, from this place on, to the plan. Answered by `functions-added`. */
  | {
      readonly type: 'append-elements';
      readonly index: number;
      readonly from: number;
      readonly count: number;
      readonly total: number;
    }
  /** Appends the functions of the DAG that an expansion has made, which is here. Answered by `functions-added` or `growth-refused`. */
  | { readonly type: 'expand'; readonly index: number; readonly attempt: number }
  /** Fetches a value to the driver, from the node that made it or from a file: a collected one, or the DAG of an expansion. */
  | { readonly type: 'fetch-value'; readonly index: number; readonly attempt: number }
  | { readonly type: 'end-run'; readonly error: ErrorData | undefined };
