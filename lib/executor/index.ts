// Executor: HOW an attempt runs.
// In:  attempts: a function with its arguments, together with the inline functions and (de)serializers it needs.
// Out: outcomes (a value on this node, a failure, a stop); the output of functions.
export type {
  AttemptContext,
  BlockedCall,
  CallOutcome,
  CallStep,
  IsolationCall,
  LyingCall,
  NodePhases,
  RunningCall,
} from './attempts/attempt.js';
export { blockedText, saysBlocked } from './attempts/blocked-text.js';
export { currentCaller, currentFunction, currentLoan, type FunctionContext, type Lender, type Loan } from './attempts/current-function.js';
export type { Caller, InnerRun } from './attempts/inner-runs.js';
export { packedDag } from './attempts/packed-dag.js';
export type { PlacedStep } from './attempts/segments.js';
export { StartBudget } from './attempts/start-budget.js';
export { blameFunctions, type StrayListener } from './attempts/stray-errors.js';
export { CodeRefs } from './code/code-refs.js';
export { loadingOptions } from './code/loading-options.js';
export { ModuleComparisons } from './code/module-comparisons.js';
export { type ModuleContent, ModuleContents } from './code/module-content.js';
export { moduleDigest, sameDigest } from './code/module-digest.js';
export { moduleBelow, moduleOnWire } from './code/module-on-wire.js';
export { resolveOwnModule } from './code/module-resolution.js';
export { type ModuleClaim, RanCode } from './code/ran-code.js';
export { SharedLooks } from './code/shared-looks.js';
export { findMissingCode, type MissingCode } from './code-check/find-missing.js';
export { type Attempt, type AttemptHandle, Executor, isolationOf, type LyingAttempt, startExecutor } from './executor.js';
export { guardedIsolation } from './guarded-isolation.js';
export type { BuiltInFactory, BuiltInOptions, BuiltInRunner, IsolationFactory, IsolationOptions, IsolationRunner } from './isolation.js';
export { isolationNames, isolations, loopIsolation, processIsolation, slotOf, threadIsolation } from './isolations/index.js';
export { KillGuard } from './isolations/kill-guard.js';
export { LyingFunction, MOST_LYING_BYTES } from './lying-function.js';
export {
  type AttemptAnswer,
  type FarHandle,
  type RemoteAttempt,
  type RemoteAttemptListener,
  RemoteExecutor,
} from './remote/remote-executor.js';
export type { RemoteOutcome } from './remote/remote-outcome.js';
export { originFromWire } from './remote/wire-origin.js';
export { phasesForWire, phasesFromWire } from './remote/wire-phases.js';
export { stepsFromWire } from './remote/wire-steps.js';
export { activatorIn, activatorOf, spanContextOf, tracingApi } from './tracing/active-trace.js';
export type { WatchAttempt, WatchedAttempt } from './tracing/attempt-watch.js';
export { type AttemptOrigin, type TraceContext, traceParentOf, traceParentText } from './tracing/trace-context.js';
export { startWatched, type TraceableAttempt, type WatchDeps } from './tracing/traced-attempt.js';
export type { Span, SpanContext, SpanPlace, TracingApi } from './tracing/tracing-api.js';
export { type FetchDeps, Fetches, type FetchRoute } from './values/fetches.js';
export type {
  GatherDeps,
  GatheredOutcome,
  UngatheredAttempt,
  UngatheredStep,
} from './values/gathered-attempt.js';
export { Offers, type ValueListener, type ValueMaker } from './values/offers.js';
export { type OwnValueDeps, OwnValues } from './values/own-values.js';
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
