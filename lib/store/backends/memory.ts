import { countLarge, type StoredValue } from '../../value/index.js';
import type { StoreBackend, ValueShelf } from '../store.js';

class MemoryShelf implements ValueShelf {
  readonly #values = new Map<string, StoredValue>();
  /** Unknown while a value has taken another's place: that is rare, and to look for it before each costs as much as to put it. */
  #sizeBytes: number | undefined = 0;

  get sizeBytes(): number {
    this.#sizeBytes ??= Array.from(this.#values.values()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return this.#sizeBytes;
  }

  put(id: string, value: StoredValue): void {
    const before = this.#values.size;
    this.#values.set(id, value);
    if (this.#values.size === before) this.#sizeBytes = undefined;
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

/** Values in this process's memory: gone with it. */
export const memoryBackend = (): StoreBackend => ({ name: 'memory', open: () => new MemoryShelf() });
