import type { StoredValue } from '../value/index.js';

/** The values of one run, or of one DAG, on this node, by the id of a function or input. Any string is an id. */
export interface ValueShelf {
  /** Bytes of all values, as the values themselves report. */
  readonly sizeBytes: number;
  put(id: string, value: StoredValue): void;
  get(id: string): StoredValue | undefined;
  delete(id: string): void;
  ids(): Iterable<string>;
}

/** The place where values are kept. A new backend is one file in `backends/` and one line in the map there. */
export interface StoreBackend {
  readonly name: string;
  /** Returns an empty shelf. A shelf is not opened twice; dropping it forgets what is on it. */
  open(): ValueShelf;
}
