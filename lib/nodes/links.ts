import type { Beat } from './beat.js';
import type { NodeIdentity } from './member-state.js';

/** Returns a member as other nodes are told of it. */
export const entryOf = ({ name, incarnation, address }: NodeIdentity): MemberEntry => [name, incarnation, address ?? null];

/** The wire as the membership needs it. No method waits or throws. The membership is notified of what happens, by member. */
export interface Links {
  /**
   * Dials now, and redials with backoff whenever there is no link to `name`, until `forget`. A call with another address replaces the
   * address. `teller` is the node that reported the address, if no node has been met there yet.
   */
  keep(name: string, address: string, teller?: string): void;
  /** Stops dialling. An existing link stays. */
  forget(name: string): void;
  /** Closes the link to `name`, if there is one, so that both sides notice. Members passed to `keep` are still dialled. */
  drop(name: string): void;
  /**
   * Returns how many bytes have come over the link to `name`, including those of an incomplete message; 0 without a link. A node that sends
   * bytes is alive, however long they take.
   */
  receivedBytes(name: string): number;
  /** Sends to one member. Its messages arrive in order, or the link closes. Returns false if there is no link. */
  send(to: string, message: MembershipMessage): boolean;
  /** Sends to every node with a link. The message is encoded once. */
  broadcast(message: MembershipMessage): void;
}

/** A member on the wire: name, incarnation, address. */
export type MemberEntry = readonly [string, string, string | null];

/** Messages between members. Every message comes over a link, so its sender is known. */
export type MembershipMessage =
  | Beat
  /** The sender ends this link and will not return as this incarnation. */
  | { readonly type: 'goodbye' }
  /**
   * All members that the sender has a link with. Replaces the previous list. Sent when a link comes up, and with the beat after a change.
   */
  | { readonly type: 'members'; readonly members: readonly MemberEntry[] };
