// Brain: pure.
import type { MemberState, NodeIdentity, NodeStatus } from './member-state.js';

/** All that a node knows of the cluster's members. Plain data; outlives every incarnation of the NodeRegistry. */
export interface MembershipState {
  self: NodeIdentity;
  isLeaving: boolean;
  /** Whether this node has said goodbye. It then neither beats nor watches members. */
  hasLeft: boolean;
  readonly policy: MembershipPolicy;
  /** The nodes that this node has, or had, a link with, by name. */
  readonly peers: Map<string, Peer>;
  /** Reported members by reporter, then by name. */
  readonly told: Map<string, ReadonlyMap<string, NodeIdentity>>;
  /** Members known only through others. */
  readonly listed: Map<string, NodeIdentity>;
  /** Those of `listed` that listen. Their addresses are unproved: a reporter may err, or lie. */
  readonly unproved: Map<string, UnprovedAddress>;
  /** The addresses that are dialled whenever there is no link, by name. */
  readonly kept: Map<string, string>;
  /**
   * The addresses that this node was asked to join through. They are dialled as long as it lives, whichever node was there and however it
   * left.
   */
  readonly anchors: Set<string>;
  /** Whether the set of linked members has changed since it was last sent to all. */
  isChanged: boolean;
  /** When the latest beat was sent, monotonic ms. */
  beatAtMs: number;
}

/** Returns the membership of a node alone: `self`. */
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
 * Returns why this node refuses a link with `identity`, for the greeting; `undefined` if it does not.
 *
 * Names are unique: while a member has a link, no other node may use its name. A member whose link has closed is no obstacle, as it may
 * have been started anew. Nor is a member known only through others: the reporter may lie. A node that was met owns its name.
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

/** Returns the members: this node first, then the others by name. */
export function membersOf(state: MembershipState): MemberState[] {
  const others = [...state.listed.values()].map(toldMember);
  for (const peer of state.peers.values()) if (isMember(peer)) others.push(memberOf(peer));
  others.sort((one, other) => (one.name < other.name ? -1 : 1));
  return [selfOf(state), ...others];
}

/** Returns the member of that name. */
export function memberNamed(state: MembershipState, name: string): MemberState | undefined {
  if (name === state.self.name) return selfOf(state);
  const peer = state.peers.get(name);
  if (peer && isMember(peer)) return memberOf(peer);
  const told = state.listed.get(name);
  return told && toldMember(told);
}

/** Returns the members that this node has a link with, without `except`. */
export function linkedMembers(state: MembershipState, except?: string): NodeIdentity[] {
  const members: NodeIdentity[] = [];
  for (const peer of state.peers.values()) {
    if (peer.phase !== 'linked' || peer.name === except) continue;
    members.push({ name: peer.name, incarnation: peer.incarnation, address: peer.address });
  }
  return members;
}

/** Returns the members with a link that say that they have a link with `name`. */
export function reportersOf(state: MembershipState, name: string): string[] {
  const all = [...state.told].filter(([teller, members]) => members.has(name) && state.peers.get(teller)?.phase === 'linked');
  return all.map(([teller]) => teller).sort();
}

/** Whether it is a member now: it has a link, or its time-out is not over. */
export const isMember = (peer: Peer): boolean => peer.phase === 'linked' || peer.phase === 'cut';

const statusOf = (peer: Peer): NodeStatus => (peer.isLeaving ? 'leaving' : peer.isSuspect ? 'suspect' : 'up');

const selfOf = (state: MembershipState): MemberState => ({ ...state.self, status: state.isLeaving ? 'leaving' : 'up', reach: 'self' });

/** Returns a member known only through others, in its public form. */
export const toldMember = (told: NodeIdentity): MemberState => ({ ...told, status: 'up', reach: 'told' });

/** Returns a peer in its public form. */
export const memberOf = (peer: Peer): MemberState => ({
  name: peer.name,
  incarnation: peer.incarnation,
  address: peer.address,
  status: statusOf(peer),
  reach: peer.phase === 'linked' ? 'linked' : 'cut',
});

/** Whether it is at an address that this node was asked to join through. */
export const isAnchor = (state: MembershipState, peer: Peer): boolean => peer.address !== undefined && state.anchors.has(peer.address);

/** Whether a peer that is gone is still dialled. A lost one may come back; one that has left will not, unless it is an anchor. */
export const isRemembered = (state: MembershipState, peer: Peer): boolean =>
  peer.address !== undefined && (peer.phase === 'lost' || isAnchor(state, peer));

/** The times of a membership, in ms. */
export interface MembershipPolicy {
  /** The time between two beats of this node. */
  readonly intervalMs: number;
  /** A member is suspect after half of this in silence, and lost after all of it. */
  readonly timeoutMs: number;
  /** How long a lost member's address is still dialled. A member known only through others is dialled for a twelfth of each such period. */
  readonly rememberMs: number;
}

/** A node that this node has, or had, a link with. */
export interface Peer extends NodeIdentity {
  /** `left` and `lost` peers are remembered to distinguish old news of them from new. Lost peers are also dialled. */
  phase: 'linked' | 'cut' | 'lost' | 'left';
  /** When it was last heard, moved forward by the time for which this node itself was late. */
  silentSinceMs: number;
  /** The time at which `lost` or `left` began. */
  goneSinceMs: number;
  isSuspect: boolean;
  isLeaving: boolean;
}

/** An address that other members reported, and where no node has been met. */
export interface UnprovedAddress {
  /** The time at which it became known. */
  readonly sinceMs: number;
  /** By address, how often another node or none was found there. */
  readonly misses: Map<string, number>;
}
