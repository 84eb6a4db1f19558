import type { ActorGroup, ActorRef } from '../../actor/index.js';
import type { Allocator, Capabilities, ClaimClass, NamedStrategies } from '../../allocator/index.js';
import type { Clock, HandoffError, Logger, RunId } from '../../base/index.js';
import type { Isolation, Plan } from '../../dag/index.js';
import type {
  ArgumentValue,
  AttemptContext,
  AttemptHandle,
  Executor,
  Fetches,
  ModuleComparisons,
  Offers,
  RemoteExecutor,
  RemoteOutcome,
  StartBudget,
} from '../../executor/index.js';
import type { WireMessage } from '../../peer/index.js';
import type { ValueStore } from '../../store/index.js';
import type { CheckedRunOptions } from '../runs/run-options.js';
import type { Constants } from './constants.js';

/** Starts one attempt, here or on another node; `started` is told once it has begun there. Throws for arguments that cannot get there. */
export type StartAttempt = (started?: () => void) => AttemptHandle<RemoteOutcome>;

/** Comes between a run and each of its attempts: for the testing kit. */
export type WrapAttempt = (context: AttemptContext, start: StartAttempt) => AttemptHandle<RemoteOutcome>;

/** What runs on a node share: the tables of the stations below. */
export interface RunDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly allocation: Allocator;
  readonly executor: Executor;
  readonly remote: RemoteExecutor;
  readonly comparisons: ModuleComparisons;
  /** The folder that modules lie in. */
  readonly root: string;
  /** Where references run that name no isolation. */
  readonly isolation: Isolation;
  /** The strategies that `allocationStrategy` may name. */
  readonly strategies: NamedStrategies;
  /** Whether a node whose module differs gets no function of it. */
  readonly refusesSkew: boolean;
  readonly logger: Logger;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly store: ValueStore;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly broadcast: (message: WireMessage) => void;
  readonly turn: StartBudget;
  /** Whether functions are kept from seeing each other's changes: see `IsolationOptions`. */
  readonly freeze: boolean;
  /** Default: nothing comes between. */
  readonly wrapAttempt?: WrapAttempt | undefined;
}

/** What a run was asked to do. */
export interface RunJob {
  readonly runId: RunId;
  readonly plan: Plan;
  readonly options: CheckedRunOptions;
  readonly kinds: readonly ClaimClass[];
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly constants: Constants;
  /** Told once, when every attempt has ended and every claim is free. */
  readonly ended: (error: HandoffError | undefined) => void;
}

/** The incarnation of the DagRunner that a run has now. */
export interface RunnerIncarnation {
  readonly ref: ActorRef<never>;
  readonly group: ActorGroup;
  /** Ends the DagRunner with an error. */
  readonly crash: (error: unknown) => void;
  /** Ends it normally: the run is over. */
  readonly finish: () => void;
}

/** A function that waits for room, and what for. */
export interface WaitingClaim {
  readonly dagId: string;
  readonly functionId: string;
  readonly lacking: Capabilities;
}

/** Which of two functions goes first: below 0 for `a`. By priority, then by the longest remaining path, then in the order of adding. */
export function compareInRun({ specs }: Plan, paths: Float64Array, a: number, b: number): number {
  const byPriority = (specs[b]!.priority ?? 0) - (specs[a]!.priority ?? 0);
  if (byPriority !== 0) return byPriority;
  const byPath = paths[b]! - paths[a]!;
  if (byPath !== 0) return byPath;
  return a - b;
}
