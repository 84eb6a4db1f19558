// Executor: HOW an attempt runs.
// In:  attempts: a function with its arguments, together with the inline functions and (de)serializers it needs.
// Out: outcomes (a value on this node, a failure, a stop); the output of functions.
export type { AttemptContext, BlockedCall, CallOutcome, CallStep, IsolationCall, RunningCall } from './attempts/attempt.js';
export { blockedText, saysBlocked } from './attempts/blocked-text.js';
export { currentCaller, currentFunction, currentLoan, type FunctionContext, type Lender, type Loan } from './attempts/current-function.js';
export type { Caller, InnerRun } from './attempts/inner-runs.js';
export { packedDag } from './attempts/packed-dag.js';
export type { PlacedStep } from './attempts/segments.js';
export { StartBudget } from './attempts/start-budget.js';
export { blameFunctions, type StrayListener } from './attempts/stray-errors.js';
export { CodeRefs } from './code/code-refs.js';
export { ModuleComparisons } from './code/module-comparisons.js';
export { type ModuleContent, ModuleContents } from './code/module-content.js';
export { moduleDigest, sameDigest } from './code/module-digest.js';
export { moduleBelow, moduleOnWire } from './code/module-on-wire.js';
export { findMissingCode, type MissingCode } from './code-check/find-missing.js';
export { type Attempt, type AttemptHandle, Executor, startExecutor } from './executor.js';
export { guardedIsolation } from './guarded-isolation.js';
export type { IsolationFactory, IsolationOptions, IsolationRunner } from './isolation.js';
export { isolationNames, isolations, loopIsolation, processIsolation, slotOf, threadIsolation } from './isolations/index.js';
export { KillGuard } from './isolations/kill-guard.js';
export {
  type AttemptAnswer,
  type RemoteAttempt,
  type RemoteAttemptListener,
  RemoteExecutor,
  type RemoteOutcome,
} from './remote/remote-executor.js';
export { stepsFromWire } from './remote/wire-steps.js';
export { type FetchDeps, Fetches, type FetchRoute } from './values/fetches.js';
export {
  type GatherDeps,
  type GatheredOutcome,
  startGathered,
  type UngatheredAttempt,
  type UngatheredStep,
} from './values/gathered-attempt.js';
export { Offers, type ValueListener, type ValueMaker } from './values/offers.js';
export type { CompositeSource, PartsPage } from './values/parts-page.js';
export {
  type ArgumentValue,
  type CompositeName,
  isRemote,
  type RemoteValue,
  RIDES_ALONG_BYTES,
  type RunStore,
} from './values/remote-value.js';
export { ValueServer } from './values/value-server.js';
