import type { BeatContent } from './beat.js';
import type { MemberEvent, NodeIdentity } from './member-state.js';

/** What can happen to a membership. */
export type MembershipHappening =
  | { readonly type: 'link-up'; readonly identity: NodeIdentity }
  | { readonly type: 'link-down'; readonly name: string; readonly incarnation: string; readonly cause: 'closed' | 'refused' | 'goodbye' }
  | { readonly type: 'dial-refused'; readonly name: string; readonly address: string }
  | { readonly type: 'beat-heard'; readonly from: string; readonly isLeaving: boolean; readonly content: BeatContent }
  /** Something has come from a member, be it a part of a message. */
  | { readonly type: 'bytes-heard'; readonly from: string }
  | { readonly type: 'members-told'; readonly from: string; readonly members: readonly NodeIdentity[] }
  /** `lagMs`: how much later it comes than it was due, on the observer's own clock. */
  | { readonly type: 'tick'; readonly lagMs: number }
  | { readonly type: 'self-listening'; readonly address: string }
  /** This node was told to join through `address`. */
  | { readonly type: 'self-joined'; readonly address: string }
  | { readonly type: 'self-leaving' }
  | { readonly type: 'self-left' };

/** What a membership wants done, in this order. */
export type MembershipCommand =
  /** `teller`: who has told of it, where nobody has been met yet. */
  | { readonly type: 'keep'; readonly name: string; readonly address: string; readonly teller?: string }
  | { readonly type: 'forget'; readonly name: string }
  | { readonly type: 'drop'; readonly name: string }
  /** To all with a link where `to` is left out. */
  | { readonly type: 'send-members'; readonly to?: string; readonly members: readonly NodeIdentity[] }
  | { readonly type: 'send-beat'; readonly to: string }
  | { readonly type: 'broadcast-beat' | 'broadcast-goodbye' }
  | { readonly type: 'announce'; readonly event: MemberEvent };
