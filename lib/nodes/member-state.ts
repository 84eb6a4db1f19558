import type { BeatContent } from './beat.js';

/** A member, as this node knows it. */
export interface MemberState extends NodeIdentity {
  readonly status: NodeStatus;
  readonly reach: Reach;
}

/** Why a member was lost: it was silent, its address refused a redial, or another incarnation replaced it. */
export type LossCause = 'silent' | 'refused' | 'replaced';

/**
 * The changes of the membership. For each incarnation of a member that can be reached there is one `member-joined`, then any number of
 * `member-suspect` and `member-up` in turn, then one `member-left` (it said goodbye) or `member-lost`. A member that comes back joins
 * again. `member-changed` reports a new reach, or that the member is leaving. `member-beat` reports every beat with its content.
 *
 * Members known only through others have events of their own and no others: `member-told`, repeated when the report changes, and
 * `member-untold`.
 */
export type MemberEvent =
  | {
      readonly type: 'member-joined' | 'member-suspect' | 'member-up' | 'member-changed' | 'member-left' | 'member-told' | 'member-untold';
      readonly member: MemberState;
    }
  | { readonly type: 'member-beat'; readonly member: MemberState; readonly content: BeatContent }
  | { readonly type: 'member-lost'; readonly member: MemberState; readonly cause: LossCause };

/** The status of a member as this node sees it: up, silent for a while, or about to leave. */
export type NodeStatus = 'up' | 'suspect' | 'leaving';

/** The identity of a node. A node that is restarted under its name has another incarnation. Incarnations are compared for equality only. */
export interface NodeIdentity {
  readonly name: string;
  readonly incarnation: string;
  /** The address where it listens, as `ws://host:port`; `undefined` for a node that only dials. */
  readonly address: string | undefined;
}

/**
 * How this node reaches a member. `self`: it is this node. `linked`: over an existing link. `cut`: the link is lost, and is redialled or
 * awaited. `told`: not at all; it is known only because others have a link with it.
 */
export type Reach = 'self' | 'linked' | 'cut' | 'told';
