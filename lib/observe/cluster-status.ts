import type { Capabilities } from '../allocator/index.js';
import type { LogState } from '../base/index.js';
import type { NodeStatus } from '../nodes/index.js';

/** The number of slots, and how many of them are in use. */
export interface Places {
  readonly used: number;
  readonly total: number;
}

/** What the values on a node take, bytes. */
export interface HeldValues {
  readonly memoryBytes: number;
  /** In files: spilled, of durable runs, and remembered. */
  readonly diskBytes: number;
}

/** The same, with how much of them stays in memory, and what is remembered. */
export interface ValueUse extends HeldValues {
  /** So much of them stays in memory: see `valueMemoryMiB`. */
  readonly memoryLimitBytes: number;
  /** What remembered results take on the disk, how many there are, and how often one was found. */
  readonly rememberedBytes: number;
  readonly rememberedResults: number;
  readonly rememberedHits: number;
}

/** What a member has, and how much of it is in use. */
export interface NodeUse {
  readonly name: string;
  /** The member's URL; `undefined` if it does not listen. */
  readonly address: string | undefined;
  /** `'suspect'`: silent for half of the heartbeat's time-out. `'leaving'`: accepts no more work. */
  readonly status: NodeStatus;
  /**
   * How long its answer took on the way there and back, with the time that it needed to give it, ms. `undefined` for the asked member
   * itself, and for one that has not answered.
   */
  readonly linkMs?: number | undefined;
  /** Whether the member has reported its state. If not, the numbers are zero. */
  readonly isHeard: boolean;
  /** What it has, exactly as registered. */
  readonly capabilities: Capabilities;
  /** What running functions hold, of all drivers. */
  readonly used: Capabilities;
  /** Slots for functions in threads and child processes. */
  readonly threads: Places;
  /** Slots for functions on its event loop. */
  readonly loopPlaces: Places;
  /** Slots of isolations of your own, by the name of the isolation. */
  readonly ownSlots: Readonly<Record<string, Places>>;
  /** The number of attempts in progress, of all drivers. */
  readonly running: number;
  /** The number of other drivers' attempts that wait there for room. */
  readonly queued: number;
  /**
   * The number of attempts that were given up (time-out, cancel) while their code goes on, mostly in a thread that is blocked in a system
   * call. They hold their claim and thread until it is over.
   */
  readonly blocked: number;
  /** The total size of the values kept there in memory, bytes. */
  readonly heldBytes: number;
  /** What the values kept there take: in memory, and on the disk. */
  readonly held: HeldValues;
  /** The same, with the bound of what stays in memory, and what the node remembers. */
  readonly values: ValueUse;
  /** `'lost'` while its log lines cannot be written: a full disk, a reader that is gone or does not read, a `logger` that throws. */
  readonly log: LogState;
}

/** A run in progress. */
export interface DrivenRun {
  readonly runId: string;
  readonly dagId: string;
  /** The name of the node that drives it. */
  readonly driver: string;
  /** How many functions are in each state, as in `Run.progress`. */
  readonly progress: Readonly<Record<string, number>>;
  /** The function that started the run, and the id of its run; missing if no function did. */
  readonly parent?: { readonly runId: string; readonly functionId: string };
}

/** A function that could run now if there were room. */
export interface WaitingFunction {
  readonly functionId: string;
  readonly dagId: string;
  /** The name of the node that drives its run. */
  readonly driver: string;
  /** The node where it waits; `undefined` if it waits at its driver until any node has room. */
  readonly node: string | undefined;
  /** How much of each resource is missing; `thread` and `loop` count slots. */
  readonly lacking: Capabilities;
}

/** The status of a cluster. */
export interface ClusterStatus {
  /** The members that answered within a second, the asked one first. */
  readonly nodes: readonly NodeUse[];
  /** The runs in progress, of all drivers. */
  readonly runs: readonly DrivenRun[];
  /** Waiting functions: at most the first hundred of each run. */
  readonly waiting: readonly WaitingFunction[];
  /** How many more functions wait. */
  readonly moreWaiting: number;
}
