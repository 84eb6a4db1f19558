// The public names of `handoff-dag`, nothing else.
export type { ActorRef, ExitReason, NactRef, SupervisionTree } from './actor/index.js';
export { type AllocationStrategy, type Capabilities, type NodeView, type PlacementRequest, strategyNames } from './allocator/index.js';
// Whole, from where it is declared: only so can a program add names to it.
export type * from './allocator/strategies/named.js';
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
  EXTENSIONS,
  type ExecuteOptions,
  type Extensions,
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
export type { Closing, Listening, ListenOptions, Socket, SocketEvents, Transport } from './peer/index.js';
export type { Progress, RunEvent, RunOutcome } from './runner/index.js';
export type { StoreBackend, ValueShelf } from './store/index.js';
export { StoredValue } from './value/index.js';
