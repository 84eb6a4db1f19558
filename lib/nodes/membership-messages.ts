import type { BeatContent } from './beat.js';
import type { MemberEvent, NodeIdentity } from './member-state.js';

/** The events of a membership. */
export type MembershipHappening =
  | { readonly type: 'link-up'; readonly identity: NodeIdentity }
  | { readonly type: 'link-down'; readonly name: string; readonly incarnation: string; readonly cause: 'closed' | 'refused' | 'goodbye' }
  | { readonly type: 'dial-refused'; readonly name: string; readonly address: string }
  | { readonly type: 'beat-heard'; readonly from: string; readonly isLeaving: boolean; readonly content: BeatContent }
  /** Bytes have arrived from a member, perhaps of an incomplete message. */
  | { readonly type: 'bytes-heard'; readonly from: string }
  | { readonly type: 'members-told'; readonly from: string; readonly members: readonly NodeIdentity[] }
  /** `lagMs` is how late the tick is on the observer's own clock. */
  | { readonly type: 'tick'; readonly lagMs: number }
  | { readonly type: 'self-listening'; readonly address: string }
  /** This node was asked to join through `address`. */
  | { readonly type: 'self-joined'; readonly address: string }
  | { readonly type: 'self-leaving' }
  | { readonly type: 'self-left' };

/** The commands of a membership, to be performed in this order. */
export type MembershipCommand =
  /** `teller` is the node that reported the address, if no node has been met there yet. */
  | { readonly type: 'keep'; readonly name: string; readonly address: string; readonly teller?: string }
  | { readonly type: 'forget'; readonly name: string }
  | { readonly type: 'drop'; readonly name: string }
  /** Sent to all members with a link if `to` is left out. */
  | { readonly type: 'send-members'; readonly to?: string; readonly members: readonly NodeIdentity[] }
  | { readonly type: 'send-beat'; readonly to: string }
  | { readonly type: 'broadcast-beat' | 'broadcast-goodbye' }
  | { readonly type: 'announce'; readonly event: MemberEvent };
