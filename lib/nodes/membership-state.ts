// Brain: pure.
import type { MemberState, NodeIdentity, NodeStatus } from './member-state.js';

/** The times a membership goes by, in ms. */
export interface MembershipPolicy {
  /** Between two beats of this node. */
  readonly intervalMs: number;
  /** A member is suspect after half of this in silence, lost after all of it. */
  readonly timeoutMs: number;
  /**
   * How long a lost member's address is still dialled; what is only told of is dialled for a twelfth of it, each time that it has passed.
   */
  readonly rememberMs: number;
}

/** Somebody whom this node has, or had, a link with. */
export interface Peer extends NodeIdentity {
  /** Those `left` and `lost` are remembered to tell old news of them from true ones; those lost also to be dialled. */
  phase: 'linked' | 'cut' | 'lost' | 'left';
  /** When it was last heard, moved forward by the time for which this node itself was late. */
  silentSinceMs: number;
  /** When `lost` or `left` began. */
  goneSinceMs: number;
  isSuspect: boolean;
  isLeaving: boolean;
}

/** An address that was only told of. */
export interface UnprovedAddress {
  /** Since when. */
  readonly sinceMs: number;
  /** How often somebody else, or nobody, was found, by address. */
  readonly misses: Map<string, number>;
}

/** All that a node knows of who is there. Plain data; outlives every incarnation of the NodeRegistry. */
export interface MembershipState {
  self: NodeIdentity;
  isLeaving: boolean;
  /** It has said goodbye: it neither beats nor minds who is there. */
  hasLeft: boolean;
  readonly policy: MembershipPolicy;
  readonly peers: Map<string, Peer>;
  /** By who told it, then by name. */
  readonly told: Map<string, ReadonlyMap<string, NodeIdentity>>;
  /** Members that are only told of. */
  readonly listed: Map<string, NodeIdentity>;
  /** Those of them that listen: whoever tells so may err, or lie. */
  readonly unproved: Map<string, UnprovedAddress>;
  /** The addresses that are dialled whenever there is no link, by name. */
  readonly kept: Map<string, string>;
  /** The addresses this node was told to join through: dialled for as long as it lives, whoever was there and however they went. */
  readonly anchors: Set<string>;
  /** Whether whom this node has links with has changed since it was last told to all. */
  isChanged: boolean;
  beatAtMs: number;
}

/** A membership of one: `self`. */
export const newMembershipState = (self: NodeIdentity, policy: MembershipPolicy): MembershipState => ({
  self,
  isLeaving: false,
  hasLeft: false,
  policy,
  peers: new Map(),
  told: new Map(),
  listed: new Map(),
  unproved: new Map(),
  kept: new Map(),
  anchors: new Set(),
  isChanged: false,
  beatAtMs: Number.NEGATIVE_INFINITY,
});

/**
 * Why this node would have no link with `identity`, for the greeting; `undefined` when it would. Names are unique: while there is a link
 * with a member, nobody else goes by its name. One whose link has closed may have been started anew, and is no obstacle; nor is one that
 * was only told of, as whoever tells of it may lie: who was met owns a name.
 */
export function refusalOf(state: MembershipState, identity: NodeIdentity): string | undefined {
  const { name, incarnation } = identity;
  if (name === state.self.name) {
    return incarnation === state.self.incarnation ? 'it is this node itself' : `this node is named ${JSON.stringify(name)}`;
  }
  const peer = state.peers.get(name);
  return peer?.phase === 'linked' && peer.incarnation !== incarnation
    ? `another node named ${JSON.stringify(name)} is a member`
    : undefined;
}

/** The members: this node, then the others by name. */
export function membersOf(state: MembershipState): MemberState[] {
  const others = [...state.listed.values()].map(toldMember);
  for (const peer of state.peers.values()) if (isMember(peer)) others.push(memberOf(peer));
  others.sort((one, other) => (one.name < other.name ? -1 : 1));
  return [selfOf(state), ...others];
}

/** The member of that name. */
export function memberNamed(state: MembershipState, name: string): MemberState | undefined {
  if (name === state.self.name) return selfOf(state);
  const peer = state.peers.get(name);
  if (peer && isMember(peer)) return memberOf(peer);
  const told = state.listed.get(name);
  return told && toldMember(told);
}

/** Whom this node has a link with, but for `except`. */
export function linkedMembers(state: MembershipState, except?: string): NodeIdentity[] {
  const members: NodeIdentity[] = [];
  for (const peer of state.peers.values()) {
    if (peer.phase !== 'linked' || peer.name === except) continue;
    members.push({ name: peer.name, incarnation: peer.incarnation, address: peer.address });
  }
  return members;
}

/** Whether it is a member now: over a link, or until the time is up. */
export const isMember = (peer: Peer): boolean => peer.phase === 'linked' || peer.phase === 'cut';

const statusOf = (peer: Peer): NodeStatus => (peer.isLeaving ? 'leaving' : peer.isSuspect ? 'suspect' : 'up');

const selfOf = (state: MembershipState): MemberState => ({ ...state.self, status: state.isLeaving ? 'leaving' : 'up', reach: 'self' });

/** One that is only told of, as others may see it. */
export const toldMember = (told: NodeIdentity): MemberState => ({ ...told, status: 'up', reach: 'told' });

/** A peer, as others may see it. */
export const memberOf = (peer: Peer): MemberState => ({
  name: peer.name,
  incarnation: peer.incarnation,
  address: peer.address,
  status: statusOf(peer),
  reach: peer.phase === 'linked' ? 'linked' : 'cut',
});

/** Whether it is one of those that this node was told to join through. */
export const isAnchor = (state: MembershipState, peer: Peer): boolean => peer.address !== undefined && state.anchors.has(peer.address);

/** Whether one that is gone is still dialled: what was lost may come back; what has left will not, unless it is an anchor. */
export const isRemembered = (state: MembershipState, peer: Peer): boolean =>
  peer.address !== undefined && (peer.phase === 'lost' || isAnchor(state, peer));
