import type { StoredValue } from '../value/index.js';

/** The values of one run, or of one DAG, on this node, by function or input id. Any string is an id. */
export interface ValueShelf {
  /** Bytes held, as the values themselves tell. */
  readonly sizeBytes: number;
  put(id: string, value: StoredValue): void;
  get(id: string): StoredValue | undefined;
  delete(id: string): void;
  ids(): Iterable<string>;
}

/** Where values lie. A new backend is one file in `backends/` and one line in the map there. */
export interface StoreBackend {
  readonly name: string;
  /** An empty shelf. It is not opened twice; what is on it is forgotten when it is dropped. */
  open(): ValueShelf;
}
