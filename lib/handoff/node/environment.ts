import { type Clock, systemClock } from '../../base/index.js';
import type { isolations } from '../../executor/index.js';
import type { Journal, JournalOptions, JournalStore, RememberedShelf } from '../../journal/index.js';
import { type Defer, nextTurn, type Transport } from '../../peer/index.js';
import type { WrapAttempt } from '../../runner/index.js';
import type { SpillDisk } from '../../store/index.js';

/** The environment of a node: time, chance, and the way of frames to other processes. */
export interface Environment {
  readonly clock: Clock;
  /** Returns a number from 0 to 1, as `Math.random` does. */
  readonly random: () => number;
  readonly defer: Defer;
  /** The default is WebSockets, with the node's own TLS options. */
  readonly transport: Transport | undefined;
  /** Wraps the attempts of the runs that this node drives, wherever they run. The default is none. */
  readonly interpose?: WrapAttempt;
  /** Where functions run, by the name in their `isolation`. The default is all isolations of `executor/isolations`. */
  readonly isolations?: typeof isolations;
  /** Opens the journal of durable runs. The default is what the node's options say. */
  readonly openJournal?: (options: JournalOptions) => Promise<Journal>;
  /** Opens what remembers results. The default is a part of the node's `dataDir`. */
  readonly openShelf?: () => Promise<RememberedShelf>;
  /** Stands between the journal of durable runs and where it is stored. The default is nothing. */
  readonly aroundStore?: (store: JournalStore) => JournalStore;
  /** Opens the disk for values that the memory has no room for, with so many bytes at most. The default is the machine's. */
  readonly openDisk?: (limitBytes: number | undefined) => Promise<SpillDisk>;
  /** Loads a module on this node's own loop. The default is `import`. */
  readonly importModule?: (url: string) => Promise<unknown>;
  /** Does work that reads modules, whose time the clock does not know. The default is just to do it. */
  readonly outside?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** The machine's own environment. */
export const realEnvironment: Environment = { clock: systemClock, random: Math.random, defer: nextTurn, transport: undefined };

/** Starts a node in another environment than the machine's: for the testing kit. */
export const startNode: unique symbol = Symbol('startNode');
