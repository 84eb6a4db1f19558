import type { PeerIdentity } from './links/link-state.js';
import type { WrongMessage } from './protocol/codec.js';
import type { RefusalReason, WireMessage } from './protocol/messages.js';

/**
 * The listener of a mesh. For each link there is one `up`, then its messages and values, then one `down`. A peer has one link at a time.
 */
export interface PeerListener {
  up(peer: PeerIdentity): void;
  down(peer: PeerIdentity, cause: DownCause): void;
  /** Messages that came together, in order. `isWanted` says whether the link still exists: later messages are dropped. */
  messages(from: string, messages: readonly WireMessage[], isWanted: () => boolean): void;
  /** A value is complete, as the pieces in which it came; or an error, if it will not come although the link exists. */
  value(from: string, transferId: number, value: readonly Uint8Array[] | Error): void;
  /** Whether a request waits for the value that begins to arrive. Other values are refused. */
  expects(from: string, transferId: number): boolean;
  /**
   * Returns memory for a value of which only the beginning has come: pieces whose total size is the value's. `undefined` leaves it in the
   * pieces in which it comes.
   */
  memoryFor(from: string, transferId: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined;
  /** A dial of `keep` found no node. It is repeated until `forget`. */
  notDialled(name: string, address: string, fault: DialFault): void;
  /** Something is not a valid message. A question must be answered with that, and a request that waits for it must fail. */
  notUnderstood(from: string, wrong: WrongMessage): void;
}

/**
 * Why a link went down: the peer said goodbye; its connection ended; this node dropped it; the peer sent three invalid messages; it took
 * nothing; a new link of the same incarnation replaced it.
 */
export type DownCause = 'goodbye' | 'closed' | 'dropped' | 'bad-message' | 'stalled' | 'replaced';

/** Why a dial of a kept address found no node: it refuses connections, another node is there, or the node there refuses. */
export type DialFault = 'refused' | 'other-name' | RefusalReason;
