import type { StorageFault } from '../../files/storage-failed.js';
import type { StoreOperation, StoreOperations } from '../stored/operations.js';

/** The start data of the thread that writes SQLite. */
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

/** The answers of the thread: it is open (`id` 0), or the outcome of a call. */
export type WriterAnswer =
  | { readonly id: number; readonly type: 'done'; readonly value: unknown }
  | { readonly id: number; readonly type: 'failed'; readonly error: WriterError };
