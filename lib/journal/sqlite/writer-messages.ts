import type { StorageFault } from '../storage-failed.js';
import type { StoreOperation, StoreOperations } from '../stored/operations.js';

/** What the thread that writes SQLite is started with. */
export interface SqliteWriterData {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** See `Dialect`. */
  readonly hasLiveSessions: boolean;
}

/** An operation for the thread. */
export interface WriterCall<Name extends StoreOperation = StoreOperation> {
  readonly id: number;
  readonly name: Name;
  readonly from: StoreOperations[Name]['from'];
}

/** An error of the thread: plain data, as a `HandoffError` would lose its class. */
export interface WriterError {
  readonly reason?: StorageFault;
  readonly message: string;
}

/** What the thread says: that it is open (`id` 0), and what came of each call. */
export type WriterAnswer =
  | { readonly id: number; readonly type: 'done'; readonly value: unknown }
  | { readonly id: number; readonly type: 'failed'; readonly error: WriterError };
