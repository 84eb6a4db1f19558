// Handoff: a node, as its user sees it.
// In:  options; calls of the promise API, messages of the actor API.
// Out: runs, values, answers; the tables and the supervision tree of the node, from the ground up.

export type { HandoffMessage, HandoffReply } from './actor-api.js';
export { ClusterObserver, type ObserverOptions } from './cluster/observer.js';
export { Handoff } from './handoff.js';
export { JournalReader, type JournalReaderOptions } from './journal-reader.js';
export { type Environment, realEnvironment, startNode } from './node/environment.js';
export { inspectNode, type NodeInspection } from './node/inspection.js';
export type { SupervisedName } from './node/tree.js';
export type { NodeInfo } from './node-resources.js';
export { type CodeFault, type CodeFaultOptions, findCodeFaults } from './options/code-faults.js';
export { defaultCapabilities } from './options/container-limits.js';
export type { ExecuteOptions } from './options/execute-options.js';
export type { TlsOptions } from './options/network-options.js';
export { checkedNodeOptions, EXTENSIONS, type Extensions, type NodeOptions, type OwnIsolations } from './options/node-options.js';
export type { Run } from './run.js';
