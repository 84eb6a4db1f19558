import type { Clock, Logger } from '../base/index.js';
import type { Environment, Handoff, NodeOptions, SupervisedName } from '../handoff/index.js';
import type { Journal, JournalFaults, JournalOptions } from '../journal/index.js';
import type { Defer, FrameObserver } from '../peer/index.js';
import type { SpillDisk } from '../store/index.js';
import type { FunctionFailures } from './function-failures.js';
import type { LinkBook } from './link-book.js';

/** The place where a test's nodes live, and what connects them: one variant for each `transport` of `TestCluster`. */
export interface ClusterHost {
  /** Whether nodes are started at the same time once the first is up, where that is quicker. */
  readonly startsTogether: boolean;
  /** Starts a node, which joins through any of the URLs. Rejects as `Handoff.start` does; nothing of the node is left then. */
  start(name: string, options: NodeOptions, join: readonly string[]): Promise<HostedNode>;
  /** Ends everything, including killed nodes. When it resolves, no timer, socket or process is left. */
  stop(): Promise<void>;
}

/** One incarnation of a node. */
export interface HostedNode {
  /** `undefined` if the node lives in another process. */
  readonly handoff: Handoff | undefined;
  /** The URL at which others reach it. */
  readonly address: string;
  /** False once it was killed, or has ended by itself. */
  readonly isAlive: boolean;
  /** Ends the node without a goodbye. When it resolves, its address refuses, its connections are reset, and its `dataDir` is free. */
  kill(): Promise<void>;
  /** Makes the node stand still. Nothing is lost. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends a supervised actor of the node abnormally. Rejects with `TypeError` if there is none of that name. */
  crashActor(actor: SupervisedName): Promise<void>;
  /** Replaces the faults of the journal of this incarnation. Throws `TypeError` if it has none, or none within reach. */
  harmJournal(faults: JournalFaults): void;
  /** The names of the nodes that it has a link with; none once it has ended. */
  links(): Promise<readonly string[]>;
}

/** The world of a cluster: time, chance and execution. A simulation brings its own. */
export interface ClusterEnvironment {
  readonly clock: Clock;
  /** Returns the random numbers of one node, from 0 to 1, as `Math.random` does; for `undefined` those of the kit. */
  readonly randomOf: (node: string | undefined) => () => number;
  readonly defer: Defer;
  /** Called with each frame that arrives on the network in memory. */
  readonly observe?: FrameObserver;
  /** Called with each thing done to a node: `kill n2`. */
  readonly note?: (text: string) => void;
  /** Where functions run, and how their modules are loaded; see `Environment`. */
  readonly execution?: Pick<Environment, 'isolations' | 'importModule' | 'outside'>;
  readonly logger?: (node: string) => Logger;
  /** Where nodes record their durable runs. The default is what their options say. */
  readonly journals?: ClusterJournals;
  /** Opens the disk of a node, for values that its memory has no room for. The default is the machine's. */
  readonly openDisk?: (node: string, limitBytes: number | undefined) => Promise<SpillDisk>;
}

/** Journals that take the place of folders and databases. */
export interface ClusterJournals {
  /** Returns what opens the journal that a node's options name; `undefined` if they name none. */
  opener(node: string, options: NodeOptions): ((given: JournalOptions) => Promise<Journal>) | undefined;
  /** Called when a node dies, before anything else happens to it. */
  killed(node: string): void;
}

/** The setup of a host. */
export interface HostSetup extends ClusterEnvironment {
  /** The names of all nodes. */
  readonly names: readonly string[];
  /** The faults between the nodes; hosts watch it. */
  readonly links: LinkBook;
  /** The planned failures in runs that nodes of this process drive. */
  readonly failures: FunctionFailures;
}
