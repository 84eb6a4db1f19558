import type { StoredValue } from '../value/index.js';

/**
 * The values of one run, or of one DAG, on this node, by the id of a function or input. Any string is an id. All calls are synchronous: a
 * value is there once `put` has returned.
 */
export interface ValueShelf {
  /** Bytes of all values: the sum of their `sizeBytes`, or what they really take. */
  readonly sizeBytes: number;
  /** Stores a value, and replaces the one with the same id. */
  put(id: string, value: StoredValue): void;
  /** Returns the last value put under the id, unless it was deleted: the same object, or what `StoredValue.packed` made of its bytes. */
  get(id: string): StoredValue | undefined;
  /** Deletes the value of the id, if there is one. */
  delete(id: string): void;
  /** Returns the ids of all values, each once. */
  ids(): Iterable<string>;
}

/** The place where values are kept. A new backend is one file in `backends/` and one line in the map there. */
export interface StoreBackend {
  /** The name of the backend in the map of backends. */
  readonly name: string;
  /** Returns an empty shelf. A shelf is not opened twice; dropping it forgets what is on it. */
  open(): ValueShelf;
}
