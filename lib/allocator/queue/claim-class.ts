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
  /** The run's order: below 0 when `a` goes first. A comparator as for a sort: it never changes while functions wait. */
  compare(a: number, b: number): number;
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
