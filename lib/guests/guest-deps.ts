import type { Allocator } from '../allocator/index.js';
import type { Logger } from '../base/index.js';
import type { CodeRef } from '../dag/index.js';
import type { Executor, Fetches, StartBudget } from '../executor/index.js';
import type { WireMessage } from '../peer/index.js';
import type { ValueStore } from '../store/index.js';

/** The parts of the node that attempts for other drivers need. */
export interface GuestDeps {
  readonly node: string;
  readonly allocation: Allocator;
  readonly executor: Executor;
  readonly store: ValueStore;
  readonly fetches: Fetches;
  readonly refOf: (module: string, name: string) => CodeRef;
  /** Whether this node drives the run itself. */
  readonly drives: (runId: string) => boolean;
  readonly turn: StartBudget;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly logger: Logger;
}

/** One driver's use of this node: resources, threads, and slots on the loop. */
export interface DriverUse {
  /** The amount of each resource that its functions hold. */
  readonly used: Map<string, number>;
  /** How many slots of threads they hold. */
  threads: number;
  /** How many slots on the loop they hold. */
  loopPlaces: number;
}
