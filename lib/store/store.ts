import { type Origin, StoredValue } from '../value/index.js';

/** A value as a store backend sees it. The backend keeps the object, or its bytes, which `packedValue` makes a value of again. */
export interface ShelvedValue {
  /** The size of the value when packed, bytes. An estimate until it is packed. */
  readonly sizeBytes: number;
  /** Where the value comes from: `'result'` of a function, or the `'caller'`. To be given to `packedValue`. */
  readonly origin: Origin;
  /**
   * Returns the value as bytes, which must not be changed. They are made at the first call. Throws `HANDOFF_NOT_SERIALIZABLE` for what is
   * not a value, as a function may return on a node with `freeze: false`; the path in it begins with `where`.
   */
  pack(where: string): Uint8Array;
}

/**
 * The values of one run, or of one DAG, on this node, by the id of a function or input. Any string is an id. All calls are synchronous: a
 * value is there once `put` has returned.
 */
export interface ValueShelf {
  /** Bytes of all values: the sum of their `sizeBytes`, or what they really take. */
  readonly sizeBytes: number;
  /** Stores a value, and replaces the one with the same id. */
  put(id: string, value: ShelvedValue): void;
  /** Returns the last value put under the id, unless it was deleted: the same object, or what `packedValue` made of its bytes. */
  get(id: string): ShelvedValue | undefined;
  /** Deletes the value of the id, if there is one. */
  delete(id: string): void;
  /** Returns the ids of all values, each once. */
  ids(): Iterable<string>;
}

/** The place where values are kept. A new backend is one file in `backends/` and one line in the map there. */
export interface StoreBackend {
  readonly name: string;
  /** Returns an empty shelf. A shelf is not opened twice; dropping it forgets what is on it. */
  open(): ValueShelf;
}

/**
 * Returns the value whose bytes `pack` returned. The bytes must not be changed afterwards. Each user of the value gets a copy. Other bytes
 * are an error only then: `HANDOFF_NOT_SERIALIZABLE`.
 */
export const packedValue = (bytes: Uint8Array, origin: Origin): ShelvedValue => StoredValue.packed(bytes, origin);
