// Brain: pure.
import type { Gist, Split } from '../../../value/index.js';
import type { RecalledSuccess } from '../messages.js';
import type { RunFault } from '../run-fault.js';

/**
 * The part of the state of a run whose functions branch, may fail, or add others. Plain data. The queues `ended`, `due`, `freed` are empty
 * between two events.
 */
export interface GrowthState {
  /** The functions whose conditions hold. */
  readonly taken: Set<number>;
  /** By function or input, what conditions that have not been decided must know of its value. */
  readonly gists: Map<number, Gist>;
  /** By function or input that a map goes over, the length of its array. */
  readonly splits: Map<number, Split>;
  /** The maps that have opened, and the expansions whose functions are known. */
  readonly composites: Map<number, Composite>;
  /** By map with a bound, how many more of its elements may be ready or run. */
  readonly limits: Map<number, Limit>;
  /** Functions that have ended, and maps that have opened (as `~index`), whose consequences have not been drawn. */
  readonly ended: number[];
  /** Functions that have all that they need, and have not been told so. */
  readonly due: number[];
  /** The maps with a bound of which an element has ended. */
  readonly freed: number[];
  /** The maps whose elements are being added: one after the other, some thousands of elements at a time. */
  readonly opening: number[];
  /** The expansions that have made their DAGs. Those whose functions are known since then are left out when it is next looked at. */
  expanding: number[];
  /** How many elements of the first of them have been asked for, and are not there. */
  appending: number;
  /** Parts that are let go, and parts that are cancelled, some thousands at a time. */
  readonly releasing: PartWalk[];
  readonly cancelling: PartWalk[];
  /** Parts whose values are computed again. */
  readonly remade: Set<number>;
  /** How much more of this may be done in this turn of the event loop. */
  budget: number;
  /** How many parts will still be added, and how many never will as their composite ended before. */
  unadded: number;
  neverAdded: number;
  /** How many composites end before their parts have. */
  endingEarly: number;
  /** Whether recorded successes are still taken over, and how far their conditions have been decided. */
  isRecalling: boolean;
  judgedTo: number;
  /** How many of the recorded failures of optional functions have been taken over. */
  failedTo: number;
  openedTo: number;
  /** The recorded successes among parts. */
  readonly recalledParts: RecalledSuccess[];
  /** Those that were taken over while the run goes on, and whose values have not been looked for. Empty between two events. */
  readonly toLookFor: RecalledSuccess[];
}

/** A map that has opened, or an expansion whose functions are known. */
export interface Composite {
  /** How many parts it has, and how many of them have been added. */
  total: number;
  added: number;
  readonly openedMs: number;
  /** How many parts have ended without success, and do not count as absent. */
  doomed: number;
  /** The size of the values of its parts, bytes. */
  sizeBytes: number;
  /** Whether its parts are kept, as the whole is needed. */
  isHolding: boolean;
  /** Whether it needs its producers no more, as all parts have been added. */
  hasConsumed: boolean;
  /** It ends so as soon as its parts have been stopped. */
  early: EarlyEnd | undefined;
}

/** The end of a composite before its parts have ended. Without `failure` it is cancelled. */
export interface EarlyEnd {
  readonly failure: RunFault | undefined;
  /** Why its parts are stopped, and until when they may end by themselves, monotonic ms. */
  readonly reason: RunFault;
  readonly stopByMs: number;
}

/** How many more elements of a map may be ready or run, and those that wait for that, from `head` on. */
export interface Limit {
  left: number;
  readonly queue: number[];
  head: number;
}

/** A walk over some parts of a composite: from `place` on, `left` of them. */
export interface PartWalk {
  readonly by: number;
  place: number;
  left: number;
  /** Where `place` is: in which range of indices of the parts, and how far from its begin. */
  range: number;
  offset: number;
  /** Whether they wait for nothing that would still have been added, as no more is. */
  readonly isCut?: boolean;
}

/** How many parts may be added, let go or cancelled in one turn of the event loop. They take some 5 µs each. */
export const PARTS_AT_ONCE = 2000;

/** Returns the state of a run in which nothing has been decided or added. */
export const newGrowthState = (): GrowthState => ({
  taken: new Set(),
  gists: new Map(),
  splits: new Map(),
  composites: new Map(),
  limits: new Map(),
  ended: [],
  due: [],
  freed: [],
  opening: [],
  expanding: [],
  appending: 0,
  releasing: [],
  cancelling: [],
  remade: new Set(),
  budget: PARTS_AT_ONCE,
  unadded: 0,
  neverAdded: 0,
  endingEarly: 0,
  isRecalling: false,
  judgedTo: 0,
  failedTo: 0,
  openedTo: 0,
  recalledParts: [],
  toLookFor: [],
});
