import type { Clock, Logger } from '../base/index.js';
import type { Environment, Handoff, NodeOptions, SupervisedName } from '../handoff/index.js';
import type { Defer, FrameObserver } from '../peer/index.js';
import type { FunctionFailures } from './function-failures.js';
import type { LinkBook } from './link-book.js';

/** What a cluster takes from the world; a simulation brings its own. */
export interface ClusterEnvironment {
  readonly clock: Clock;
  /** The random numbers of one node, from 0 to 1, as `Math.random`; `undefined`: those of the kit itself. */
  readonly randomOf: (node: string | undefined) => () => number;
  readonly defer: Defer;
  /** Told of each frame that arrives, on the network in memory. */
  readonly observe?: FrameObserver;
  /** Told what is done to nodes: `kill n2`. */
  readonly note?: (text: string) => void;
  /** Where functions run, and how their modules are loaded; as `Surroundings` has it. */
  readonly execution?: Pick<Environment, 'isolations' | 'importModule'>;
  readonly logger?: (node: string) => Logger;
}

/** What a host is made with. */
export interface HostSetup extends ClusterEnvironment {
  /** Every node that there will be. */
  readonly names: readonly string[];
  /** What is wrong between them; hosts watch it. */
  readonly links: LinkBook;
  /** What is to fail in the runs that nodes of this process drive. */
  readonly failures: FunctionFailures;
}

/** Where the nodes of a test live, and what connects them: the variants of `TestCluster`. */
export interface ClusterHost {
  /** Whether nodes are started side by side, once the first stands: where that is quicker. */
  readonly startsTogether: boolean;
  /** Starts a node, which joins through any of the URLs. Rejects as `Handoff.start` does; nothing of it is left then. */
  start(name: string, options: NodeOptions, join: readonly string[]): Promise<HostedNode>;
  /** Everything is ended, killed nodes included, when this resolves: no timer, socket or process is left. */
  stop(): Promise<void>;
}

/** One incarnation of a node. */
export interface HostedNode {
  /** `undefined`: it lives in another process. */
  readonly handoff: Handoff | undefined;
  /** Where others reach it. */
  readonly address: string;
  /** False once it was killed, or has ended by itself. */
  readonly isAlive: boolean;
  /** Ends it without a goodbye: when this resolves, its address refuses, its connections are reset. */
  kill(): Promise<void>;
  /** It stands still. Nothing is lost. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** An actor of its ends abnormally, once this resolves. `TypeError` when it has none of that name. */
  crashActor(actor: SupervisedName): Promise<void>;
  /** The names of the nodes that it has a link with; none once it has ended. */
  links(): Promise<readonly string[]>;
}
