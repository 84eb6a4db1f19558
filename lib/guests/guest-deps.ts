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

/** One driver's use of this node: amounts of resources, slots among them, as other nodes are told. */
export type DriverUse = ReadonlyMap<string, number>;
