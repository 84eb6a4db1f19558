const PARTS = 64;

/** So many characters of an id decide where it is. */
const CHARACTERS_READ = 16;

/**
 * A large map by id that stays quick to grow: a `Map` that doubles moves all its entries at once, which takes some hundred milliseconds for
 * a million. Its parts double one by one. Its order is not that of insertion.
 */
export class SplitMap<V> {
  readonly #parts: readonly Map<string, V>[] = Array.from({ length: PARTS }, () => new Map());
  #size = 0;

  constructor(entries: ReadonlyMap<string, V>) {
    for (const [id, value] of entries) this.set(id, value);
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): V | undefined {
    return this.#partOf(id).get(id);
  }

  set(id: string, value: V): void {
    const part = this.#partOf(id);
    const before = part.size;
    part.set(id, value);
    this.#size += part.size - before;
  }

  delete(id: string): void {
    if (this.#partOf(id).delete(id)) this.#size -= 1;
  }

  *keys(): Generator<string, void, void> {
    for (const part of this.#parts) yield* part.keys();
  }

  *values(): Generator<V, void, void> {
    for (const part of this.#parts) yield* part.values();
  }

  #partOf(id: string): Map<string, V> {
    const step = Math.ceil(id.length / CHARACTERS_READ);
    let hash = id.length;
    for (let at = id.length - 1; at >= 0; at -= step) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0;
    // The low bits depend on the last characters alone.
    return this.#parts[(hash ^ (hash >>> 15)) & (PARTS - 1)]!;
  }
}
