import type { LogState } from '../base/index.js';
import type { NodeIdentity } from './member-state.js';

/** Resources, as `[name, amount]`. */
export type Resources = readonly (readonly [string, number])[];

/** What a node says of itself with every beat; the membership passes it on without a look. */
export interface BeatContent {
  readonly capabilities: Resources;
  readonly used: Resources;
  /** What of it is in use for each driver: resources, threads, places on the loop. */
  readonly byDriver: readonly (readonly [string, Resources, number, number])[];
  /** How many there are, and how many are in use. */
  readonly threads: readonly [number, number];
  readonly loopPlaces: readonly [number, number];
  readonly running: number;
  readonly queued: number;
  /** Attempts that were given up and whose thread is blocked in a system call. */
  readonly blocked: number;
  readonly heldBytes: number;
  /** Whether what it logs is written. */
  readonly log: LogState;
}

/** What a node says that has nothing. */
export const nothing: BeatContent = {
  capabilities: [],
  used: [],
  byDriver: [],
  threads: [0, 0],
  loopPlaces: [0, 0],
  running: 0,
  queued: 0,
  blocked: 0,
  heldBytes: 0,
  log: 'ok',
};

/**
 * The sender lives, and how it is: every `intervalMs`, when a link comes up, and when the sender begins to leave. `seq` counts the beats of
 * one incarnation; `lagMs` is the most that its loop was late since the one before.
 */
export interface Beat extends BeatContent {
  readonly type: 'beat';
  readonly seq: number;
  readonly lagMs: number;
  readonly leaving: boolean;
}

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
   * Dials now and redials with backoff, whenever there is no link to `name`, until `forget`. Again with another address: that one from now on. `teller`: nobody
   * has been met there, that node has told of it.
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
