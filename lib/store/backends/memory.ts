import { countLarge, type StoredValue } from '../../value/index.js';
import { IndexedShelf } from '../indexed-shelf.js';
import { SplitMap } from '../split-map.js';
import type { StoreBackend, ValueShelf } from '../store.js';

/** A map with so many values is split. */
const SPLIT_AT = 32_768;

class MemoryShelf implements ValueShelf {
  /** A plain map as long as it is small: the shelves of thousands of small runs are kept. */
  #values: Map<string, StoredValue> | SplitMap<StoredValue> = new Map<string, StoredValue>();
  /**
   * `undefined` after a value has replaced another. That is rare, and looking for the former value before each `put` costs as much as the
   * `put`.
   */
  #sizeBytes: number | undefined = 0;

  get sizeBytes(): number {
    this.#sizeBytes ??= this.#sumOfSizes();
    return this.#sizeBytes;
  }

  #sumOfSizes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.#values.values()) sum += sizeBytes;
    return sum;
  }

  put(id: string, value: StoredValue): void {
    const values = this.#values;
    const before = values.size;
    values.set(id, value);
    if (values.size === before) this.#sizeBytes = undefined;
    else if (this.#sizeBytes !== undefined) this.#sizeBytes += value.sizeBytes;
    if (before === SPLIT_AT && values instanceof Map) this.#values = new SplitMap(values);
  }

  get(id: string): StoredValue | undefined {
    return this.#values.get(id);
  }

  delete(id: string): void {
    const value = this.#values.get(id);
    if (value === undefined) return;
    if (this.#sizeBytes !== undefined) this.#sizeBytes -= value.sizeBytes;
    this.#values.delete(id);
    countLarge(value.sizeBytes);
  }

  ids(): Iterable<string> {
    return this.#values.keys();
  }
}

/** Whether a shelf has every value that was put on it and not deleted, whatever happens. */
export const losesNothing = (shelf: ValueShelf): boolean => shelf instanceof MemoryShelf || shelf instanceof IndexedShelf;

/** Keeps values in this process's memory. They are lost with the process. */
export const memoryBackend = (): StoreBackend => ({ name: 'memory', open: () => new MemoryShelf() });
