// Executor: HOW an attempt runs.
// In:  attempts: a function with its arguments, together with the inline functions and (de)serializers it needs.
// Out: outcomes: a value on this node, a failure, or the word that it was stopped; what functions print.
export type { AttemptContext, Blocked, Outcome, Step } from './attempt.js';
export { findMissingCode, type MissingCode } from './code-check/find-missing.js';
export { CodeRefs } from './code-refs.js';
export { currentFunction, currentLoan, type FunctionContext, type Lender, type Loan } from './current-function.js';
export { type Attempt, type AttemptHandle, type ExecutorMessage, ExecutorTable, startExecutor } from './executor.js';
export { type FarValue, type Given, isFar, RIDES_ALONG_BYTES } from './far-value.js';
export { Fetches, type FetchGround, type Way } from './fetches.js';
export { type GatheredOutcome, type GatherGround, startGathered, type UngatheredAttempt, type UngatheredStep } from './gathered-attempt.js';
export type { Isolation, IsolationOptions } from './isolation.js';
export { isolations } from './isolations/index.js';
export { ModuleComparisons } from './module-comparisons.js';
export { moduleDigest, sameDigest } from './module-digest.js';
export { type Maker, Offers, type ValueListener } from './offers.js';
export { type AttemptAnswer, type FarAttempt, type FarListener, type FarOutcome, RemoteExecutor } from './remote-executor.js';
export type { PlacedStep } from './segments.js';
export { blameFunctions, type StrayListener } from './stray-errors.js';
export { ValueServer } from './value-server.js';
export { moduleOnWire, stepsFromWire } from './wire-steps.js';
