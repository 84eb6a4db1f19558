/**
 * What a run is, as its journal tells it: `interrupted` runs have no driver any more and did not end. A run whose driver's lease has run
 * out is told as `interrupted`.
 */
export type RecordedState = 'running' | 'interrupted' | 'completed' | 'failed' | 'cancelled';

/** What one run has in its journal, beside its groups. */
export interface RecordedRun {
  /** The user's name of the run: unique in its journal, until the run is forgotten. */
  readonly key: string;
  /** Names the run for ever: a run of the same key after `forgetRun` has another. */
  readonly runId: string;
  readonly dagId: string;
  readonly state: RecordedState;
  /** Counts the openings of the run, from 1. */
  readonly epoch: number;
  /** The node that drives the run, or that drove it last. */
  readonly node: string;
  /** How long the driver's lease still holds; 0 for a run that nobody drives, `Infinity` where a lock takes the lease's place. */
  readonly leaseLeftMs: number;
  /** How many resumptions in a row, the latest included, have appended no group: 0 for a run that was never resumed. */
  readonly idleResumptions: number;
  /** Milliseconds since 1970, by the journal's clock: when the run was first opened, and last. */
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  /** When the run ended; missing while it runs or is interrupted. */
  readonly endedAtMs?: number;
  /** What `openRun`, `append` or `end` was given last; the journal does not look into it. */
  readonly summary: Uint8Array;
  /** Set when the row of the run is damaged: then no other field can be relied on. */
  readonly isDamaged?: boolean;
}

/** Which run: the key for people, the id for the journal. */
export type RunName = Pick<RecordedRun, 'key' | 'runId'>;

/** Some entries of a run, packed and written at once: either all of them are in the journal, or none. */
export interface RecordedGroup {
  /** In which opening of the run it was written. */
  readonly epoch: number;
  /** Its place among the groups of its epoch, from 0. */
  readonly sequence: number;
  /** As given to `openRun` or `append`. */
  readonly bytes: Uint8Array;
}

/** Which runs are wanted; all that match every field given. */
export interface RunQuery {
  readonly key?: string;
  readonly state?: RecordedState;
  readonly dagId?: string;
  /** At most so many. Default: all. */
  readonly limit?: number;
}

/** What `openRun` writes. */
export interface OpenRunRequest {
  /** At most 512 bytes of UTF-8; the caller has checked it. */
  readonly key: string;
  /** The epoch in which the caller knows the run: 0 for a key that the journal does not know. The run is opened in the next one. */
  readonly knownEpoch: number;
  /** The id of a new run. A run that the journal knows keeps its own. */
  readonly runId: string;
  readonly dagId: string;
  /** The first groups of this epoch (plan, inputs, options), in the same transaction. They do not count for `idleResumptions`. */
  readonly opening: readonly Uint8Array[];
  readonly summary: Uint8Array;
}

/**
 * What comes of it. `driven`: the lease of another driver holds, or the run is open in this journal. `changed`: the run is in another epoch
 * than `knownEpoch`, or gone (then without a `run`): look again.
 */
export type OpenRunAnswer =
  | { readonly type: 'opened'; readonly run: RunJournal; readonly recorded: RecordedRun }
  | { readonly type: 'driven'; readonly recorded: RecordedRun }
  | { readonly type: 'changed'; readonly recorded?: RecordedRun };

/** How a group is written. */
export interface AppendOptions {
  /**
   * Whether the group must have survived a loss of power when the promise resolves. Without it, it has survived the end of this process.
   * @default false
   */
  readonly isSynced?: boolean;
  /** The run's new summary, in the same transaction. */
  readonly summary?: Uint8Array;
}

/**
 * The journal of one run that this node drives. Every write is conditional on the run's epoch, in the same transaction. Calls are carried
 * out one after the other, in order.
 */
export interface RunJournal {
  readonly key: string;
  readonly runId: string;
  readonly epoch: number;
  /** Aborts, with a `HANDOFF_RUN_TAKEN_OVER`, as soon as this journal learns that the run is in a higher epoch or forgotten. */
  readonly signal: AbortSignal;
  /**
   * Writes one group, which must not change until the promise settles. The same group may be appended again after a failure that leaves
   * open whether it was written: it is in the journal once. Rejects with `HANDOFF_RUN_TAKEN_OVER`, or with `HANDOFF_STORAGE_FAILED` and
   * its `reason`.
   */
  append(group: Uint8Array, options?: AppendOptions): Promise<void>;
  /** Ends the run, synced, and frees it for others. Nothing can be appended after it. May be tried again after a failure. */
  end(state: Exclude<RecordedState, 'running'>, summary: Uint8Array): Promise<void>;
}

/**
 * What must outlive the process: runs by key, each with the groups that its drivers wrote. Whoever opens a run raises its epoch, and only
 * the driver of the latest epoch can write. Group bytes are opaque to the journal; a checksum over each notices a byte that changed.
 *
 * All calls reject with `HANDOFF_STORAGE_FAILED`; its `reason` is one of `StorageFault`. Nothing blocks the event loop.
 */
export interface Journal {
  /** The variant. */
  readonly name: string;
  /** The right to drive the runs that are open here. */
  readonly lease: Lease;
  /** Makes this node the driver of a run, new or known. `damaged` for a run whose row is. */
  openRun(request: OpenRunRequest): Promise<OpenRunAnswer>;
  /** Newest first, by when the run was first opened. Damaged ones are among them. */
  findRuns(query?: RunQuery): Promise<RecordedRun[]>;
  /**
   * All groups of a run in the order in which they were written; none for a run that the journal does not know. A torn last group is left
   * out; a damaged one ends the iteration with `damaged`, and with the run's key, after all groups before it.
   */
  readGroups(run: RunName): AsyncIterable<RecordedGroup>;
  /** Deletes a run: the run first, then its groups in batches. `HANDOFF_NOT_FOUND`, or `HANDOFF_DAG_RUNNING` while its lease holds. */
  forgetRun(key: string): Promise<void>;
  /** Gives up the lease, so that the runs still open here are `interrupted`, and closes what was opened. Safe to call again. */
  close(): Promise<void>;
}

/**
 * The right of one node to drive the runs that it opened. It is renewed by itself, every third of `leaseMs`. It is counted from before the
 * renewal was sent, on whichever of the monotonic and the wall clock went further: the monotonic one stands still while a machine sleeps.
 */
export interface Lease {
  /** Whether this node may start anything of its runs now. Where a lock takes the lease's place: until the journal is closed. */
  isHeld(): boolean;
  /** Resolves when the lease is held (at once if it is); rejects with `HANDOFF_STOPPED` when the journal is closed. */
  whenHeld(): Promise<void>;
}
