// The public names of `handoff-dag`, nothing else.
export type { ActorRef, ExitReason, NactRef, SupervisionTree } from './actor/index.js';
export type { AllocationStrategy, Capabilities, NodeView, PlacementRequest } from './allocator/index.js';
export { type DagFault, ERROR_CODES, HandoffError, type HandoffErrorCode, type Logger, NonRetryableError } from './base/index.js';
export {
  type AnyFunction,
  type Arg,
  arg,
  type CollocatedWith,
  collocatedWith,
  Dag,
  type DagJson,
  type DagLike,
  type DynamicDag,
  type FunctionOptions,
  type FunctionRef,
  type FunctionRefs,
  type FunctionSpec,
  functionsIn,
  type Isolation,
  type Isolations,
  type OnDriver,
  onDriver,
  type ResultsOf,
  type RetryOptions,
  type SameValue,
  type Type,
  type,
  type UntypedFunctionRef,
} from './dag/index.js';
export { blameFunctions, currentFunction, type FunctionContext, type StrayListener } from './executor/index.js';
export {
  ClusterObserver,
  type ClusterStatus,
  type CodeFault,
  type CodeFaultOptions,
  type DrivenRun,
  defaultCapabilities,
  type ExecuteOptions,
  findCodeFaults,
  Handoff,
  type HandoffMessage,
  type HandoffReply,
  type NodeInfo,
  type NodeOptions,
  type NodeUse,
  type ObserverOptions,
  type Run,
  type SupervisedName,
  type TlsOptions,
  type WaitingFunction,
} from './handoff/index.js';
export type { Progress, RunEvent, RunOutcome } from './runner/index.js';
