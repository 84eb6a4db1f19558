// Brain: pure.
import type { Capacity, Claim } from '../capacity/capacity.js';
import type { Capabilities } from '../strategy.js';

/** Functions of a run that are alike for the allocator: the same cost, slot and bounds. One object for each class and run. */
export interface ClaimClass extends Claim {
  readonly costs: Capabilities;
  /** The only node allowed, if there is one. */
  readonly pinnedTo: string | undefined;
  readonly group: CollocationGroup | undefined;
}

/** A run as the claim queue knows it. Functions are numbers: their indices in the run's plan. */
export interface ClaimQueueClient {
  readonly runId: string;
  /** A property of the strategy: it accepts the only node with room without being asked, and is shown only nodes with room. */
  readonly takesAnyRoom: boolean;
  readonly maxConcurrency: number;
  /**
   * The run's order among functions that are equally urgent: below 0 when `a` goes first. A comparator as for a sort: it never changes
   * while functions wait.
   */
  compare(a: number, b: number): number;
  /** What lets urgent functions go before others; missing where the order is all. */
  readonly urgency?: Urgency;
  /** Missing in runs whose functions are never granted ahead of room. */
  readonly ahead?: AheadOfRun | undefined;
}

/** What a run does with functions that are granted ahead of room: they lie where others run. */
export interface AheadOfRun {
  /** Whether any function may lie at the moment. */
  readonly isPossible: boolean;
  /** Whether a function may lie on a node behind so many others that lie there for the same claim. */
  mayLie(index: number, behind: number, node: string): boolean;
  /** Whether a function that lies on another node behind so many others waits longer there than taking it back takes. */
  isWorthMoving(index: number, behind: number): boolean;
  /** A function is granted ahead of room on a node. `granted` is called next. */
  lies(index: number): void;
  /** There is room for a function that lies: it holds its claim from now on, and begins. Returns false if it has ended meanwhile. */
  promoted(index: number): boolean;
  /** A function that lies is taken back, if it has not begun. */
  recalled(index: number): void;
}

/** What a run knows of the time that its functions take. */
export interface Urgency {
  /** The priority that `compare` looks at first. */
  priorityOf(index: number): number;
  /** The length of the longest path from the start of a function on, ms. It never changes while functions wait. */
  pathMsOf(index: number): number;
  /** How long all functions that have not begun take together, ms. */
  readonly workLeftMs: number;
}

/** A node that functions can be placed on. */
export interface PlacementNode {
  readonly name: string;
  readonly isSelf: boolean;
  /** The node's own ledger, or this node's estimate of it. */
  readonly capacity: Capacity;
  /** Whether it accepts functions now: false while it is silent, and when it is about to leave. */
  readonly isOpen: boolean;
}

/** A collocation group: all members run on one node, chosen when the first of them is placed. */
export interface CollocationGroup {
  readonly claims: Claim[];
  /** Written by the claim queue alone. A former member does not count: the group is placed anew. */
  node: string | undefined;
}
