// Brain: pure.
import type { Capacity, Claim } from '../capacity/capacity.js';
import type { Capabilities } from '../strategy.js';

/** A collocation group: all members run on one node, chosen when the first of them is placed. */
export interface CollocationGroup {
  readonly claims: Claim[];
  /** Written by the claim queue alone. A node that is no member any more counts for nothing: the group is placed anew. */
  node: string | undefined;
}

/** Functions of a run that are alike for the allocator: the same cost, slot and bounds. Made once per run and kind. */
export interface ClaimClass extends Claim {
  readonly costs: Capabilities;
  /** The only node allowed, where there is one. */
  readonly pinnedTo: string | undefined;
  readonly group: CollocationGroup | undefined;
}

/** A run, as the claim queue knows it. Functions are numbers: their indices in the run's plan. */
export interface ClaimQueueClient {
  readonly runId: string;
  /**
   * What the strategy says of itself: it accepts the only node with room without being asked, and is shown only nodes with room.
   */
  readonly takesAnyRoom: boolean;
  readonly maxConcurrency: number;
  /** The run's order: below 0 when `a` goes first. A comparator, as a sort takes one: it never changes while functions wait. */
  compare(a: number, b: number): number;
}

/** A node that functions can be placed on. */
export interface PlacementNode {
  readonly name: string;
  readonly isSelf: boolean;
  /** The node's own ledger, or this node's picture of it. */
  readonly capacity: Capacity;
  /** Whether it takes functions now: false while it is silent, and when it is about to leave. */
  readonly isOpen: boolean;
}
