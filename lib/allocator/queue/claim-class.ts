import type { Capacity, Claim } from '../capacity/capacity.js';
import type { AllocationStrategy, Capabilities } from '../strategy.js';

/** A collocation group: all members run on one node, chosen when the first of them is placed. */
export interface CollocationGroup {
  readonly claims: Claim[];
  node: string | undefined;
}

/** Functions of a run that are alike for the allocator: the same cost, slot and bounds. Made once per run and kind. */
export interface ClaimClass extends Claim {
  readonly costs: Capabilities;
  /** The only node allowed, where there is one. */
  readonly pinnedTo: string | undefined;
  readonly group: CollocationGroup | undefined;
}

/** What a run knows of where the values of its functions lie, or will. */
export interface ValueLocations {
  /** How many bytes of the arguments of a function lie elsewhere, and are not on their way to the node either. */
  bytesToMove(index: number, node: string): number;
  /** See `NodeView.kin`. */
  kin(index: number, node: string): number;
  /** A function was given a node. Called before the next one is placed. */
  placed(index: number, node: string): void;
}

/** A run, as the allocator knows it. Functions are numbers: their indices in the run's plan. */
export interface ClaimQueueClient {
  readonly runId: string;
  readonly dagId: string;
  readonly strategy: AllocationStrategy;
  /**
   * What the strategy says of itself: it accepts the only node with room without being asked, and is shown only nodes with room.
   */
  readonly takesAnyRoom: boolean;
  readonly maxConcurrency: number;
  functionId(index: number): string;
  /** The run's order: below 0 when `a` goes first. */
  compare(a: number, b: number): number;
  /** What strategies may ask. Missing for a run that another node drives: its driver has placed it already. */
  readonly whereabouts?: ValueLocations;
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
