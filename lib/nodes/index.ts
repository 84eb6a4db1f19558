// Nodes: WHO is there.
// In:  this node's name, address and departure; its links, and the beats and lists of members that come over them.
// Out: the members, their status and every change; nodes to dial; beats; a way into a cluster.
export type { Beat, BeatContent, Resources } from './beat.js';
export { type JoinOptions, joinCluster } from './joining.js';
export type { Links, MembershipMessage } from './links.js';
export type { LossCause, MemberEvent, MemberState, NodeIdentity, NodeStatus, Reach } from './member-state.js';
export { type MemberListener, Membership, type MembershipOptions } from './membership.js';
export { type MemberInfo, type NodeRegistryMessage, startNodeRegistry } from './node-registry.js';
