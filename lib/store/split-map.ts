/** A map with so many entries is split. */
const SPLIT_AT = 32_768;
const PARTS = 64;

/** So many characters of an id decide where it is. */
const CHARACTERS_READ = 16;

/**
 * A map by id that stays quick to grow: a `Map` that doubles moves all its entries at once, which takes some hundred milliseconds for a
 * million. A large one is split into parts that double one by one. Its order is then no longer that of insertion.
 */
export class SplitMap<V> {
  #only: Map<string, V> | undefined = new Map();
  #parts: readonly Map<string, V>[] = [];
  #size = 0;

  get size(): number {
    return this.#only ? this.#only.size : this.#size;
  }

  get(id: string): V | undefined {
    return (this.#only ?? this.#partOf(id)).get(id);
  }

  /** Returns whether the id is a new one. */
  set(id: string, value: V): boolean {
    const part = this.#only ?? this.#partOf(id);
    const before = part.size;
    part.set(id, value);
    if (part.size === before) return false;
    if (!this.#only) this.#size += 1;
    else if (before === SPLIT_AT - 1) this.#split(this.#only);
    return true;
  }

  delete(id: string): void {
    if (this.#only) this.#only.delete(id);
    else if (this.#partOf(id).delete(id)) this.#size -= 1;
  }

  keys(): Iterable<string> {
    return this.#only ? this.#only.keys() : this.#keysOfParts();
  }

  values(): Iterable<V> {
    return this.#only ? this.#only.values() : this.#valuesOfParts();
  }

  *#keysOfParts(): Generator<string, void, void> {
    for (const part of this.#parts) yield* part.keys();
  }

  *#valuesOfParts(): Generator<V, void, void> {
    for (const part of this.#parts) yield* part.values();
  }

  #split(only: ReadonlyMap<string, V>): void {
    this.#only = undefined;
    this.#parts = Array.from({ length: PARTS }, () => new Map());
    for (const [id, value] of only) this.set(id, value);
  }

  #partOf(id: string): Map<string, V> {
    const step = Math.ceil(id.length / CHARACTERS_READ);
    let hash = id.length;
    for (let at = id.length - 1; at >= 0; at -= step) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0;
    // The low bits depend on the last characters alone.
    return this.#parts[(hash ^ (hash >>> 15)) & (PARTS - 1)]!;
  }
}
