import type { Beat } from './beat.js';
import type { NodeIdentity } from './member-state.js';

/** A member on the wire: name, incarnation, address. */
export type MemberEntry = readonly [string, string, string | null];

/** What members tell each other. Every message comes over a link, so its sender is known. */
export type MembershipMessage =
  | Beat
  /** The sender ends this link and will not come back as this incarnation. */
  | { readonly type: 'goodbye' }
  /** All whom the sender has a link with; replaces what it told before. When a link comes up, and with the beat after a change. */
  | { readonly type: 'members'; readonly members: readonly MemberEntry[] };

/** A member, as it is told to others. */
export const entryOf = ({ name, incarnation, address }: NodeIdentity): MemberEntry => [name, incarnation, address ?? null];

/** The wire, as the membership needs it. Nothing here waits or throws; what comes of it is told to the membership, by member. */
export interface Links {
  /**
   * Dials now and redials with backoff, whenever there is no link to `name`, until `forget`. Again with another address: that one from now
   * on. `teller`: nobody has been met there, that node has told of it.
   */
  keep(name: string, address: string, teller?: string): void;
  /** Dials no more. A link that stands is left alone. */
  forget(name: string): void;
  /** Closes the link to `name`, if one stands, so that both sides see it; goes on dialling whom it was told to keep. */
  drop(name: string): void;
  /**
   * How many bytes have come over the link to `name`, those of a message that has not come whole among them: whoever sends them lives,
   * however long they take. 0 without a link.
   */
  receivedBytes(name: string): number;
  /** To one; messages to one member arrive in order, or its link closes. False when there is no link. */
  send(to: string, message: MembershipMessage): boolean;
  /** To every node with a link, encoded once. */
  broadcast(message: MembershipMessage): void;
}
