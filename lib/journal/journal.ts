/**
 * The state of a run according to its journal. `interrupted` runs did not end and have no driver any more, or their driver's lease has run
 * out.
 */
export type RecordedState = 'running' | 'interrupted' | 'completed' | 'failed' | 'cancelled';

/** The record of one run in its journal, besides its groups. */
export interface RecordedRun {
  /** The user's name of the run: unique in its journal, until the run is forgotten. */
  readonly key: string;
  /** The unique id of the run: a run of the same key after `forgetRun` has another. */
  readonly runId: string;
  readonly dagId: string;
  readonly state: RecordedState;
  /** Counts the openings of the run, from 1. */
  readonly epoch: number;
  /** The node that drives the run, or that drove it last. */
  readonly node: string;
  /** How long the driver's lease still holds, ms; 0 for a run without a driver, `Infinity` where a lock takes the lease's place. */
  readonly leaseLeftMs: number;
  /** How many groups were written in this epoch, including those of its opening. */
  readonly groupCount: number;
  /** How many resumptions in a row, including the latest, have appended no group; 0 for a run that was never resumed. */
  readonly idleResumptions: number;
  /** Milliseconds since 1970, by the journal's clock: when the run was first opened, and last. */
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  /** When the run ended; missing while it runs or is interrupted. */
  readonly endedAtMs?: number;
  /** The latest summary given to `openRun`, `append` or `end`. The journal does not look into it. */
  readonly summary: Uint8Array;
  /** Set if the row of the run is damaged: then no other field can be relied on. */
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
  readonly runId?: string;
  /** In this state, or in any of these. */
  readonly state?: RecordedState | readonly RecordedState[];
  readonly dagId?: string;
  /** The most runs returned. The default is all. */
  readonly limit?: number;
}

/** The content that `openRun` writes. */
export interface OpenRunRequest {
  /** At most 512 bytes of UTF-8; the caller has checked it. */
  readonly key: string;
  /** The epoch that the caller knows of the run: 0 for a key that the journal does not know. The run is opened in the next one. */
  readonly knownEpoch: number;
  /**
   * What the caller has read of the run: it is opened only if nothing was added in that epoch, and it did not end, since. Without it, only
   * the epoch is looked at.
   */
  readonly known?: Pick<RecordedRun, 'state' | 'groupCount'> | undefined;
  /** The id of a new run. A run that the journal knows keeps its own. */
  readonly runId: string;
  readonly dagId: string;
  /** The first groups of this epoch (plan, inputs, options), in the same transaction. They do not count for `idleResumptions`. */
  readonly opening: readonly Uint8Array[];
  readonly summary: Uint8Array;
}

/**
 * The answer to `openRun`. `driven`: the lease of another driver holds, or the run is open in this journal. `changed`: the run is in
 * another epoch than `knownEpoch`, has changed since it was read, or is gone (then without `recorded`): look again.
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
  /**
   * This node drives the run no longer, although its end cannot be written now: here it is interrupted, and may be opened again. `end` may
   * still be tried, for other nodes.
   */
  leave(): void;
}

/**
 * The record of what must outlive the process: runs by key, each with the groups that its drivers wrote. Opening a run raises its epoch,
 * and only the driver of the latest epoch can write. Group bytes are opaque to the journal; a checksum over each detects a changed byte.
 *
 * All calls reject with `HANDOFF_STORAGE_FAILED`; its `reason` is one of `StorageFault`. Nothing blocks the event loop.
 */
export interface Journal {
  /** The name of the variant. */
  readonly name: string;
  /** The right to drive the runs that are open here. */
  readonly lease: Lease;
  /** Makes this node the driver of a run, new or known. Rejects with `damaged` if the run's row is. */
  openRun(request: OpenRunRequest): Promise<OpenRunAnswer>;
  /** Returns the matching runs, the one first opened last first. Damaged ones are included. */
  findRuns(query?: RunQuery): Promise<RecordedRun[]>;
  /**
   * Iterates over all groups of a run in the order in which they were written; there are none for an unknown run. A torn last group is left
   * out. A damaged one ends the iteration with `damaged`, and with the run's key, after all groups before it.
   */
  readGroups(run: RunName): AsyncIterable<RecordedGroup>;
  /**
   * Deletes a run: the run first, then its groups in batches. Rejects with `HANDOFF_NOT_FOUND`, or with `HANDOFF_DAG_RUNNING` while its
   * lease holds.
   */
  forgetRun(key: string): Promise<void>;
  /** Releases the lease, so that the runs still open here are `interrupted`, and closes everything. Safe to call again. */
  close(): Promise<void>;
}

/**
 * The right of one node to drive the runs that it opened. It renews itself every third of `leaseMs`. It counts from before the renewal was
 * sent, on the monotonic or the wall clock, whichever went further: the monotonic one stands still while a machine sleeps.
 */
export interface Lease {
  /** Whether this node may start parts of its runs now. Where a lock takes the lease's place, it holds until the journal is closed. */
  isHeld(): boolean;
  /** Resolves when the lease is held (at once if it is). Rejects with `HANDOFF_STOPPED` when the journal is closed. */
  whenHeld(): Promise<void>;
  /** Aborts when the journal is closed: then nothing can be written any more. */
  readonly closed: AbortSignal;
}
