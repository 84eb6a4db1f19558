// Testing: the kit, `handoff-dag/testing`: clusters that can be harmed.
// In:  how many nodes, where they live, and what is to go wrong.
// Out: nodes as their users see them, on networks that stall and break, in processes that stop and die.
export type { JournalFaults } from '../journal/index.js';
export type { ClusterOptions, ClusterTransport, FaultyLink, LinkFaults } from './cluster-options.js';
export { type Simulation, type SimulationOptions, simulate } from './simulation/simulate.js';
export { type ClusterFaults, TestCluster } from './test-cluster.js';
