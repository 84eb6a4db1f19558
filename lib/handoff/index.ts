// Handoff: a node, as its user sees it.
// In:  options; calls of the promise API, messages of the actor API.
// Out: runs, values, answers; the tables and the supervision tree of the node, from the ground up.
export { type CodeFault, type CodeFaultOptions, findCodeFaults } from './code-faults.js';
export { defaultCapabilities } from './container-limits.js';
export type { HandoffMessage, HandoffReply } from './desk.js';
export type { ExecuteOptions } from './execute-options.js';
export { Handoff, inspectNode, type SupervisedName, startNode } from './handoff.js';
export type { NodeInspection } from './inspection.js';
export type { TlsOptions } from './network-options.js';
export { checkedNodeOptions, type NodeOptions } from './node-options.js';
export type { NodeInfo } from './node-resources.js';
export { ClusterObserver, type ObserverOptions } from './observer.js';
export type { Run } from './run.js';
export type { ClusterStatus, DrivenRun, NodeUse, WaitingFunction } from './status.js';
export { machine, type Surroundings } from './surroundings.js';
