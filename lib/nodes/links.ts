import type { MemberTold } from './member-state.js';

/** What a node says of itself with every beat: what it has, what is in use. Plain data; the membership passes it on without a look. */
export type BeatContent = Readonly<Record<string, unknown>>;

/** What members tell each other. Every message comes over a link, so its sender is known. */
export type MembershipMessage =
  /** The sender lives. Every `intervalMs`, when a link comes up, and when the sender begins to leave. */
  | { readonly type: 'beat'; readonly isLeaving: boolean; readonly content: BeatContent }
  /** All whom the sender has a link with; replaces what it told before. When a link comes up, and with the beat after a change. */
  | { readonly type: 'members'; readonly members: readonly MemberTold[] };

/** The wire, as the membership needs it. Nothing here waits or throws; what comes of it is told to the membership, by member. */
export interface Links {
  /** Dials now and redials with backoff, whenever there is no link to `name`, until `forget`. Again with another address: that one from now on. */
  keep(name: string, address: string): void;
  /** Dials no more. A link that stands is left alone. */
  forget(name: string): void;
  /** Closes the link to `name`, if one stands, so that both sides see it; goes on dialling whom it was told to keep. */
  drop(name: string): void;
  /** To one; messages to one member arrive in order, or its link closes. False when there is no link. */
  send(to: string, message: MembershipMessage): boolean;
  /** To every node with a link, encoded once. */
  broadcast(message: MembershipMessage): void;
}
