// Brain: pure.
import type { ClaimClass, ClaimQueueClient } from './claim-class.js';
import type { Eligibility, Reserved } from './eligibility.js';

/** The next step of a pass. */
export type PlacementStep<Client extends ClaimQueueClient> = PlacementGrant<Client> | PlacementChoice<Client> | AheadStep<Client>;

/** What becomes of a function that lies: there is room for it, and its claim is taken; or it is taken back. */
export type AheadStep<Client extends ClaimQueueClient> =
  | { readonly type: 'promoted'; readonly client: Client; readonly index: number; readonly claim: ClaimClass; readonly node: string }
  | { readonly type: 'recalled'; readonly client: Client; readonly index: number };

/** A function has its node. The claim is taken in that node's capacity already. */
export interface PlacementGrant<Client extends ClaimQueueClient> {
  readonly type: 'granted';
  readonly client: Client;
  readonly index: number;
  readonly node: string;
  readonly claim: ClaimClass;
  /** Whether it may wait on that node if there is no room after all: no other node could hold it, or it has waited long enough here. */
  readonly mayQueue: boolean;
  /** Whether it has no claim yet, and takes over that of a function that runs. Default false. */
  readonly isAhead?: boolean;
}

/**
 * The run's strategy must choose a node for a function; at least one has room. The same object for all functions of one class, and valid
 * until the next step.
 */
export interface PlacementChoice<Client extends ClaimQueueClient> {
  readonly type: 'choice';
  readonly client: Client;
  readonly index: number;
  readonly claim: ClaimClass;
  /** The nodes that could hold the claim, and which of them have room. Replaced when the members change. */
  readonly eligibility: Eligibility;
  /** What is reserved for other claims that have waited long. */
  readonly reserved: Reserved | undefined;
}
