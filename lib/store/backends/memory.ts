import type { Held } from '../../value/index.js';
import type { Shelf, StoreBackend } from '../store.js';

class MemoryShelf implements Shelf {
  readonly #values = new Map<string, Held>();
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  put(id: string, value: Held): void {
    this.#sizeBytes += value.sizeBytes - (this.#values.get(id)?.sizeBytes ?? 0);
    this.#values.set(id, value);
  }

  get(id: string): Held | undefined {
    return this.#values.get(id);
  }

  delete(id: string): void {
    const value = this.#values.get(id);
    if (value === undefined) return;
    this.#sizeBytes -= value.sizeBytes;
    this.#values.delete(id);
  }

  ids(): Iterable<string> {
    return this.#values.keys();
  }
}

/** Values in this process's memory: gone with it. */
export const memoryBackend = (): StoreBackend => ({ name: 'memory', open: () => new MemoryShelf() });
