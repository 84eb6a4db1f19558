import { countLarge, type StoredValue } from '../../value/index.js';
import { SplitMap } from '../split-map.js';
import type { StoreBackend, ValueShelf } from '../store.js';

class MemoryShelf implements ValueShelf {
  readonly #values = new SplitMap<StoredValue>();
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
    if (!this.#values.set(id, value)) this.#sizeBytes = undefined;
    else if (this.#sizeBytes !== undefined) this.#sizeBytes += value.sizeBytes;
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

/** Keeps values in this process's memory. They are lost with the process. */
export const memoryBackend = (): StoreBackend => ({ name: 'memory', open: () => new MemoryShelf() });
