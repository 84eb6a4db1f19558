import type { Allocator } from '../allocator/index.js';
import type { Clock, HandoffError, Logger } from '../base/index.js';
import type { CodeRef } from '../dag/index.js';
import type { Executor, Fetches, StartBudget, WatchAttempt } from '../executor/index.js';
import type { LargeValues } from '../journal/index.js';
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
  readonly clock: Clock;
  /** How long a durable run is kept after its driver is gone, ms. */
  readonly orphanMs: number;
  /** Returns the epoch of a run that this node drives itself; `undefined` for any other. */
  readonly drivenEpoch: (runId: string) => number | undefined;
  /** Another node drives the run, which this node has driven, in a higher epoch. */
  readonly takenOver: (runId: string, epoch: number, error: HandoffError) => void;
  /** Where large values of durable runs lie; `undefined` if the node has no folder for them. */
  readonly largeValues: LargeValues | undefined;
  /** Watches the attempts of traced runs. By default nothing does. */
  readonly watchAttempt?: WatchAttempt | undefined;
  readonly turn: StartBudget;
  /** A message that `mayRest` need not be sent at once. */
  readonly send: (to: string, message: WireMessage, mayRest?: boolean) => boolean;
  readonly logger: Logger;
}

/** One driver's use of this node: amounts of resources, slots among them, as other nodes are told. */
export type DriverUse = ReadonlyMap<string, number>;

/** The part of `GuestRuns` that a guest run needs. */
export interface GuestHost {
  /** Calls `action` now, or after the event loop has had a turn. */
  begin(action: () => void): void;
  /** Returns what the driver uses here, over all its runs. */
  use(): DriverUse | undefined;
  /** Called when an attempt has ended. */
  settled(): void;
}
