// Allocator: WHERE each function goes.
// In:  functions that are ready, each with a kind of claim, from any number of runs; claims given back.
// Out: grants (node, claim), one node's ledger being the only authority on it; refusals; what waits and for what.
export { type Asker, type ClaimKind, type Group, type Member, OVERTAKING_ENDS_MS, type Whereabouts } from './allocation.js';
export { AllocationTable, type AllocatorMessage, type Placed, startAllocator } from './allocator.js';
export { Ledger } from './ledger.js';
export { Picture, type Usage } from './picture.js';
export { type Amounts, amounts, checkedCapabilities, describe } from './resources.js';
export type { Claim, Room, Slot } from './room.js';
export { strategies } from './strategies/index.js';
export type { AllocationStrategy, Capabilities, NodeView, PlacementRequest } from './strategy.js';
