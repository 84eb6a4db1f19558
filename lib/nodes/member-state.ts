import type { BeatContent } from './beat.js';

/** How a member stands with this node: up, silent for a while, or about to go. */
export type NodeStatus = 'up' | 'suspect' | 'leaving';

/** The identity of a node. A node that is restarted under its name has another incarnation. Incarnations are compared for equality only. */
export interface NodeIdentity {
  readonly name: string;
  readonly incarnation: string;
  /** Where it listens, as `ws://host:port`; `undefined` for a node that only dials. */
  readonly address: string | undefined;
}

/**
 * How this node reaches a member: it is the node itself; over a link that stands; not now, but it is redialled or awaited (`cut`); not at
 * all, and it is only known because others have a link with it (`told`).
 */
export type Reach = 'self' | 'linked' | 'cut' | 'told';

/** A member, as this node knows it. */
export interface MemberState extends NodeIdentity {
  readonly status: NodeStatus;
  readonly reach: Reach;
}

/** Why a member was lost: it was silent, its address refused a redial, or another incarnation has taken its place. */
export type LossCause = 'silent' | 'refused' | 'replaced';

/**
 * The changes of the membership. For each incarnation of a member that can be reached: one `member-joined`, then any number of
 * `member-suspect` and `member-up` in turn, then one of `member-left` (it said goodbye) and `member-lost`; one that comes back joins again.
 * `member-changed` tells of a new reach, or that it is leaving; `member-beat` of every beat, with what the member says of itself. Members
 * that are only told of have their own pair, `member-told` (again when what is told changes) and `member-untold`, and never any of the
 * others.
 */
export type MemberEvent =
  | {
      readonly type: 'member-joined' | 'member-suspect' | 'member-up' | 'member-changed' | 'member-left' | 'member-told' | 'member-untold';
      readonly member: MemberState;
    }
  | { readonly type: 'member-beat'; readonly member: MemberState; readonly content: BeatContent }
  | { readonly type: 'member-lost'; readonly member: MemberState; readonly cause: LossCause };
