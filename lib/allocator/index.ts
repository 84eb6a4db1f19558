// Allocator: WHERE each function goes.
// In:  functions that are ready, each with a class of claims, from any number of runs; freed claims.
// Out: grants (node, claim), where each node's ledger alone decides; refusals; waiting functions with what they lack.

export { FunctionsAhead } from './ahead/functions-ahead.js';
export { Allocator, type AllocatorClient, type AllocatorMessage, startAllocator } from './allocator.js';
export type { Capacity, Claim, ClaimNeed } from './capacity/capacity.js';
export { Ledger } from './capacity/ledger.js';
export { defaultLimitBytes, toldLoad, type ValueLoad } from './capacity/memory.js';
export { type Amounts, amounts, checkedCapabilities, describe } from './capacity/resources.js';
export { UsageEstimate } from './capacity/usage-estimate.js';
export { slotEntries, type UsageReport } from './capacity/usage-report.js';
export { givenStrategy, type NamedStrategies, namedStrategies } from './given-strategy.js';
export { AttemptLoan } from './loan.js';
export type { ValueLocations } from './placement/node-views.js';
export type { AheadOfRun, ClaimClass, CollocationGroup, PlacementNode, Urgency } from './queue/claim-class.js';
export { OVERTAKING_ENDS_MS } from './queue/claim-queue.js';
export { CommonClasses, sameCosts } from './queue/common-classes.js';
export { defaultStrategy, strategies, strategyNames } from './strategies/index.js';
export type { Strategies } from './strategies/named.js';
export type { AllocationStrategy, Capabilities, NodeView, PlacementRequest } from './strategy.js';
