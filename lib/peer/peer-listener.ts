import type { PeerIdentity } from './links/link-state.js';
import type { RefusalReason, WireMessage } from './protocol/messages.js';

/** Who hears of peers. For each link one `up`, then what comes over it, then one `down`; a peer has one link at a time. */
export interface PeerListener {
  up(peer: PeerIdentity): void;
  down(peer: PeerIdentity, cause: DownCause): void;
  /** Messages that came together, in order; `isWanted` says whether the link still stands: what comes after is not told. */
  messages(from: string, messages: readonly WireMessage[], isWanted: () => boolean): void;
  /** A value is whole, in the pieces in which it came; or an error, if it will not come although the link stands. */
  value(from: string, transferId: number, value: readonly Uint8Array[] | Error): void;
  /** Whether somebody waits for the value that begins to arrive: what nobody has asked for is refused. */
  expects(from: string, transferId: number): boolean;
  /**
   * Memory for a value of which only the beginning has come: pieces of so many bytes in all, which it is when it is whole. `undefined`: it
   * stays in those in which it comes.
   */
  memoryFor(from: string, transferId: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined;
  /** A dial of `keep` found nobody; it is dialled again until `forget`. */
  notDialled(name: string, address: string, fault: DialFault): void;
  /**
   * What was meant to be a message of that type and number is none. A question is to be answered so, and who waits for an answer to be
   * told.
   */
  notUnderstood(from: string, type: string, id: number, fault: string): void;
}

/**
 * Why a link went down: the peer said goodbye before; its connection ended; this node dropped it; the peer sent what is no message, three
 * times; it took nothing; a new link of the same incarnation took its place.
 */
export type DownCause = 'goodbye' | 'closed' | 'dropped' | 'bad-message' | 'stalled' | 'replaced';

/** Why nobody was found at an address that is kept: it refuses connections, somebody else is there, or who is there refuses. */
export type DialFault = 'refused' | 'other-name' | RefusalReason;
