// Conformance: the laws that each contract's variants keep, for a test framework: `handoff-dag/conformance`.
// In:  `describe`, `it`, `before` and `after` of any framework, and how a variant is made.
// Out: one test for each law, declared in that framework.
export { type IsolationSuite, isolationLaws } from './isolation-laws.js';
export { type StoreBackendSuite, storeBackendLaws } from './store-backend-laws.js';
export { type StrategySuite, strategyLaws } from './strategy-laws.js';
export type { SkippedLaw, SuiteOptions, TestFramework } from './suite.js';
export { type TransportSuite, transportLaws } from './transport-laws.js';
