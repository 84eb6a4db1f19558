import type { StoredGroup } from '../groups/verify-groups.js';
import type { OpenRunRequest, RecordedRun, RecordedState, RunQuery } from '../journal.js';

/** A node that has a journal open. Its lease is the lease of all runs that it drives. */
export interface Session {
  /** Drawn anew whenever a journal is opened. */
  readonly id: string;
  readonly node: string;
  /** `Infinity`: a lock guards the journal, and no other session lives beside this one. */
  readonly leaseMs: number;
}

/** A run as it is stored: with the session that opened it last. */
export interface StoredRun extends RecordedRun {
  readonly session: string;
}

/** A run of this session that is open in this process, with its epoch. */
export interface OpenRunName {
  readonly runId: string;
  readonly epoch: number;
}

/** The position from which a run's groups are read: after the group of this epoch and sequence. */
export interface GroupPosition {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * The operations that a journal needs of its store. Each is one transaction. `from` is its argument, `to` its result. All expected outcomes
 * are in the results; only a store that fails rejects, with `HANDOFF_STORAGE_FAILED`.
 */
export interface StoreOperations {
  openRun: {
    from: OpenRunRequest & { readonly session: Session; readonly isOpenHere: boolean };
    to: { readonly type: 'opened' | 'driven' | 'changed' | 'damaged'; readonly stored?: StoredRun };
  };
  /** `occupied`: another group has this place, as its append failed without being undone. */
  appendGroup: {
    from: OpenRunName & {
      readonly sequence: number;
      readonly bytes: Uint8Array;
      readonly isSynced: boolean;
      readonly summary: Uint8Array | undefined;
    };
    to: 'written' | 'occupied' | 'taken-over';
  };
  endRun: {
    from: OpenRunName & { readonly state: RecordedState; readonly summary: Uint8Array };
    to: 'ended' | 'taken-over';
  };
  /** `states`: as they are stored, where a run whose driver is gone may still be `running`. */
  findRuns: {
    from: Omit<RunQuery, 'state'> & { readonly states?: readonly RecordedState[] };
    to: readonly StoredRun[];
  };
  /** A page of at least one group, if any is left, and of about a MiB. */
  readGroups: { from: { readonly runId: string; readonly after: GroupPosition }; to: readonly StoredGroup[] };
  forgetRun: {
    from: { readonly key: string; readonly session: Session; readonly openHere: readonly string[] };
    to: { readonly type: 'forgotten' | 'driven' | 'unknown'; readonly stored?: StoredRun };
  };
  /** Deletes some groups of runs that were forgotten; returns whether any are left. */
  sweep: { from: Record<string, never>; to: boolean };
  /** Returns the runs, of those that are open here, that are not this session's in this epoch any more. */
  renewSession: { from: { readonly session: Session; readonly open: readonly OpenRunName[] }; to: readonly string[] };
  endSession: { from: { readonly session: Session }; to: undefined };
}

/** The name of one of `StoreOperations`. */
export type StoreOperation = keyof StoreOperations;

/** The operations that change nothing. */
export const READ_OPERATIONS: ReadonlySet<StoreOperation> = new Set(['findRuns', 'readGroups']);

/** The place where a journal is stored: in memory, in SQLite, in PostgreSQL. */
export interface JournalStore {
  /** Performs one operation, wholly or not at all. */
  perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']>;
  /** Call it after the last operation. */
  close(): Promise<void>;
}
