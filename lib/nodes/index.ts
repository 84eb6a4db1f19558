// Nodes: WHO is there.
// In:  this node's name and address, and that it leaves.
// Out: the members and their status.
export { type MemberState, Membership, type NodeStatus } from './membership.js';
export { type NodeRegistryMessage, startNodeRegistry } from './node-registry.js';
