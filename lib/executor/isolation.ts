import type { Clock, Logger } from '../base/index.js';
import type { AttemptContext, Call, Outcome, Running } from './attempts/attempt.js';
import type { Lender } from './attempts/current-function.js';

/** Where code runs on a node. A new isolation is one file in `isolations/` and one line in the map at the door. */
export interface IsolationRunner {
  readonly name: string;
  /** Starts the call now. `settle` is called exactly once, when the call has ended; possibly before `start` returns. Never throws. */
  start(call: Call, settle: (outcome: Outcome) => void): Running;
  /**
   * Ends what runs, at once, and frees every thread. Resolves with how many threads are blocked in a system call and could not be ended
   * within half a second.
   */
  close(): Promise<number>;
}

/** What an isolation is made with. */
export interface IsolationOptions {
  /** The name of the node, for errors. */
  readonly node: string;
  readonly clock: Clock;
  /** The folder under which modules are found, absolute. */
  readonly root: string;
  /** How many threads there may be at once; they are started when first needed. */
  readonly threads: number;
  /** The heap of each thread, MiB. */
  readonly threadHeapMiB: number;
  /**
   * Whether functions are kept from seeing each other's changes: values are checked and frozen deeply where a function makes them or gets
   * them, and what cannot be frozen is copied for each user. Without it values pass on the loop as they are, values or not.
   */
  readonly freeze: boolean;
  readonly logger: Logger;
  /** Finds what an attempt holds, for functions on the loop that wait for a run of this node. Default: nothing is lent. */
  readonly lender?: Lender;
  /** Loads a module on the node's own loop. Default: `import`. */
  readonly importModule?: (url: string) => Promise<unknown>;
  /** Hears every line that a function writes with `console`, without its line break. */
  readonly onOutput: (context: AttemptContext, stream: 'stdout' | 'stderr', text: string) => void;
}
