import type { ActorGroup, ActorRef } from '../../actor/index.js';
import type { Allocator, Capabilities, ClaimClass, NamedStrategies } from '../../allocator/index.js';
import type { Clock, HandoffError, Logger, RunId } from '../../base/index.js';
import type { CodeRef, Isolation, RunPlan } from '../../dag/index.js';
import type {
  ArgumentValue,
  AttemptContext,
  AttemptHandle,
  Executor,
  Fetches,
  ModuleComparisons,
  ModuleContents,
  Offers,
  RemoteExecutor,
  RemoteOutcome,
  StartBudget,
  TraceContext,
  WatchAttempt,
} from '../../executor/index.js';
import type { Journal, LargeValues, RecordedFile, RememberedShelf, RunFiles } from '../../journal/index.js';
import type { WireMessage } from '../../peer/index.js';
import type { RunShelf, ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';
import type { NodeInheritance } from '../brain/adoption.js';
import type { Recollection } from '../brain/messages.js';
import type { RunPolicy } from '../brain/run-state.js';
import type { Recorder } from '../durable/record/recorder.js';
import type { RunMeter } from '../observed/run-meter.js';
import type { WatchRun } from '../observed/run-watch.js';
import type { RememberedPlace } from '../remember/remembered-place.js';
import type { CheckedRunOptions } from '../runs/run-options.js';
import type { InsideTerms } from './growth/expansions.js';
import type { RecordGrowth } from './growth/growth-record.js';
import type { Constants } from './values/constants.js';

/** The request for a run. */
export interface RunJob {
  readonly runId: RunId;
  /** The name of its DagRunner. A resumed run has another one: that of before may not have ended yet. */
  readonly runnerName: string;
  /** Where its values on this node are: the only place that keeps them. */
  readonly shelf: RunShelf;
  readonly plan: RunPlan;
  readonly options: CheckedRunOptions;
  readonly kinds: readonly ClaimClass[];
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly constants: Constants;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  /** Writes down what must not be lost; missing in runs that are not durable. */
  readonly recorder?: Recorder | undefined;
  /** The files of its large values; missing in runs that are not durable, and where the node has no folder for them. */
  readonly files?: RunFiles | undefined;
  /** By function of the DAG itself, the opening of the run in which it became what it is; missing in runs that are not durable. */
  readonly since?: Readonly<Uint32Array> | undefined;
  /** Makes the record of what the run adds to its plan; missing in runs that are not durable. */
  readonly recordGrowth?: RecordGrowth | undefined;
  /** The past of a run that goes on; missing in a new one. */
  readonly past?: RunPast | undefined;
  /** How the functions of expansions are claimed and ordered; missing in runs that cannot grow. */
  readonly insides?: InsideTerms | undefined;
  /** Its place in a trace; missing in runs that are not traced. */
  readonly trace?: TraceContext | undefined;
  /** Whether a function has started it. */
  readonly isInner: () => boolean;
  /** Called once, when every attempt has ended and every claim is free. */
  readonly ended: (error: HandoffError | undefined) => void;
}

/** The present incarnation of a run's DagRunner. */
export interface RunnerIncarnation {
  readonly ref: ActorRef<never>;
  readonly group: ActorGroup;
  /** Ends the DagRunner with an error. */
  readonly crash: (error: unknown) => void;
  /** Ends it normally: the run is over. */
  readonly finish: () => void;
}

/** Returns what the brain must know of the options of a run. */
export function policyOf({ options, recorder }: RunJob, driver: string, remembers: boolean): RunPolicy {
  const { maxRetries, onFailure, collected, stopGraceMs, maxFunctions } = options;
  return { maxRetries, onFailure, collected, stopGraceMs, journal: recorder?.durability ?? 'none', driver, maxFunctions, remembers };
}

/** A function that waits for room, with the resources it lacks. */
export interface WaitingClaim {
  readonly dagId: string;
  readonly functionId: string;
  readonly lacking: Capabilities;
}

/**
 * Starts one attempt, here or on another node. `started` is called once it has started there. Throws for arguments that cannot get there.
 */
export type StartAttempt = (started?: () => void) => AttemptHandle<RemoteOutcome>;

/** Wraps each attempt of a run: for the testing kit. */
export type WrapAttempt = (context: AttemptContext, start: StartAttempt) => AttemptHandle<RemoteOutcome>;

/** The parts of a node that its runs share: the tables of lower stations. */
export interface RunDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly allocation: Allocator;
  readonly executor: Executor;
  readonly remote: RemoteExecutor;
  readonly comparisons: ModuleComparisons;
  /** The folder of modules. */
  readonly root: string;
  /** The isolation of references that name none. */
  readonly isolation: Isolation;
  /** Returns the same object for the same reference, so that loaded code is found again. */
  readonly refOf: (module: string, name: string) => CodeRef;
  /** The strategies that `allocationStrategy` may name. */
  readonly strategies: NamedStrategies;
  /** Whether no function is placed on a node whose module differs. */
  readonly refusesSkew: boolean;
  readonly logger: Logger;
  /** This node drives a durable run from now on: collects what it and others have of it. Never rejects. */
  readonly inherit: (run: { readonly runId: string; readonly epoch: number; readonly dagId: string }) => Promise<Heritage>;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly store: ValueStore;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly broadcast: (message: WireMessage) => void;
  readonly turn: StartBudget;
  /** Whether functions are protected from each other's changes: see `IsolationOptions`. */
  readonly freeze: boolean;
  /** Where durable runs are recorded; `undefined` if the node has no journal. */
  readonly durable: DurablePlace | undefined;
  /** What remembers results; `undefined` if the node has no folder for that. */
  readonly remembered?: RememberedPlace | undefined;
  /** Returns the members that have a `dataDir`, by its id. */
  readonly folders: () => Promise<ReadonlyMap<string, string>>;
  /** Counts what comes of the runs. */
  readonly meter: RunMeter;
  /** Told of runs that are asked for. The default is none. */
  readonly watchRun?: WatchRun | undefined;
  /** Watches the attempts of traced runs. By default nothing does. */
  readonly watchAttempt?: WatchAttempt | undefined;
  /** The default is no wrapper. */
  readonly wrapAttempt?: WrapAttempt | undefined;
  /** What modules hold here; by default they are read for durable runs alone. */
  readonly contents?: ModuleContents | undefined;
}

/** Where the durable runs of a node are recorded. */
export interface DurablePlace {
  readonly journal: Journal;
  /** For so long a journal that cannot be written may stay away, ms. */
  readonly journalWaitMs: number;
  /** How long a silent driver keeps its runs, ms; `Infinity` where only this node uses the journal. */
  readonly leaseMs: number;
  /** Where large values lie; `undefined` if the node has no folder for them. */
  readonly largeValues?: LargeValues | undefined;
  /** What its folder remembers; `undefined` if the node has no folder. */
  readonly shelf?: RememberedShelf | undefined;
  /** Closes the journal and its folder. */
  close(): Promise<void>;
}

/** The past of a durable run, from its journal and from nodes that had a part in it. */
export interface RunPast {
  readonly recollection: Recollection;
  /** The values of recorded successes that are at hand, by function. */
  readonly values: readonly (StoredValue | undefined)[];
  /** For other recorded successes, a node that has the value. */
  readonly places: ReadonlyMap<number, string>;
  /** By function, the epoch in which its recorded success was made. */
  readonly madeIn: Readonly<Uint32Array>;
  /** For those of them that are in files, the file. */
  readonly filesElsewhere: ReadonlyMap<number, RecordedFile>;
  /** What this node itself has had of the run as a guest. */
  readonly own: OwnHeritage | undefined;
}

/** What an heir finds of a run: on its own node, and what the others say that they have. */
export interface Heritage {
  readonly own: OwnHeritage | undefined;
  readonly others: readonly (readonly [node: string, inheritance: NodeInheritance])[];
}

/** What a node that becomes the driver of a run has had of it as a guest. */
export interface OwnHeritage {
  readonly inheritance: NodeInheritance;
  /** Returns the value of a function, if it was made in that epoch. */
  valueOf(functionId: string, epoch: number): StoredValue | undefined;
  /** Takes an attempt over, once. The caller holds a claim for it by now. */
  take(functionId: string, attempt: number): AttemptHandle<RemoteOutcome> | undefined;
  /** Stops all attempts that have not been taken, but for those of the functions in `wanted`. */
  keepOnly(wanted: ReadonlySet<string>): void;
}
