import type { Clock, Logger } from '../base/index.js';
import type { AttemptContext, CallOutcome, IsolationCall, LyingCall, RunningCall } from './attempts/attempt.js';
import type { Lender } from './attempts/current-function.js';

/**
 * Where code runs on a node: what an `IsolationFactory` makes. One runner serves all calls of its isolation on its node, as many at once as
 * the node has slots for it.
 */
export interface IsolationRunner {
  /** How many calls run at once: the node starts no more. A whole number from 1; the default is as many as the node has `threads`. */
  readonly slots?: number;
  /** Starts the call now. `settle` is called exactly once, when the call has ended; possibly before `start` returns. Never throws. */
  start(call: IsolationCall, settle: (outcome: CallOutcome) => void): RunningCall;
  /**
   * Ends everything that runs, at once, and frees every thread. Resolves to the number of threads that are blocked in a system call and
   * could not be ended within half a second, or within three where no call runs in them. May be called again, to wait for these.
   */
  close(): Promise<number>;
}

/**
 * Makes the runner of an isolation, when its node starts. A built-in isolation is one file in `isolations/` and one line in the map at its
 * door; one of a user's own is given to `Handoff.start({ isolations })`, mostly as one that wraps another:
 * `(options) => threadIsolation({ ...options, threadHeapMiB: 4096 })`.
 */
export type IsolationFactory = (options: IsolationOptions) => IsolationRunner;

/** The options of an isolation. */
export interface IsolationOptions {
  /** The name of the node, for errors. */
  readonly node: string;
  readonly clock: Clock;
  /** The absolute path of the folder under which modules are found. */
  readonly root: string;
  /** The most threads at once. They are started when first needed. */
  readonly threads: number;
  /** How many functions may run at once on the node's own loop. */
  readonly loopConcurrency: number;
  /** The heap of each thread, MiB. */
  readonly threadHeapMiB: number;
  /**
   * Whether functions are protected from each other's changes. If so, values are checked and frozen deeply where a function makes or
   * receives them, and what cannot be frozen is copied for each user. Otherwise anything is passed on the loop as it is.
   */
  readonly freeze: boolean;
  /** The URL of a module that each thread and process loads before its first function; none by default. */
  readonly threadSetup?: string | undefined;
  readonly logger: Logger;
  /** Returns an attempt's loan, for functions on the loop that wait for a run of this node. By default nothing is lent. */
  readonly lender?: Lender;
  /** Loads a module on the node's own loop. The default is `import`. */
  readonly importModule?: (url: string) => Promise<unknown>;
  /** Called with every line that a function writes, without its line end. */
  readonly onOutput: (context: AttemptContext, stream: 'stdout' | 'stderr', text: string) => void;
}

/** What only built-in isolations can do. */
export interface BuiltInRunner extends IsolationRunner {
  /** Whether its workers read arguments from their files by themselves. Default false. */
  readonly readsFiles?: boolean;
  /**
   * Lets a call lie where another one runs: it begins in the moment in which that one ends. `begun` is called when that is known, or within
   * `promote`, and before `settle`. Missing in isolations where no call can lie.
   */
  startAhead?(call: IsolationCall, settle: (outcome: CallOutcome) => void, begun: () => void): LyingCall;
}

/** What only built-in isolations are told. */
export interface BuiltInOptions extends IsolationOptions {
  /** Calls `work`. What ends within it may be followed by a call that lay behind it. The default calls it, and nothing else. */
  readonly together?: ((work: () => void) => void) | undefined;
}

/** Makes the runner of a built-in isolation. */
export type BuiltInFactory = (options: BuiltInOptions) => BuiltInRunner;
