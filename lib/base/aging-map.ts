/** An entry, between the one before it and the one after it. */
interface Aged<K, V> {
  readonly key: K;
  value: V | undefined;
  older: Aged<K, V> | undefined;
  newer: Aged<K, V> | undefined;
}

/**
 * A map whose oldest entry is at hand, for what is kept until there is too much of it. To find the first entry of a `Map`, V8 walks over
 * all that were deleted since it made room last. An entry that goes leaves nothing that leads to its value or to others, as in a
 * `PassingMap`.
 */
export class AgingMap<K, V extends NonNullable<unknown>> {
  readonly #byKey = new Map<K, Aged<K, V>>();
  #oldest: Aged<K, V> | undefined;
  #newest: Aged<K, V> | undefined;

  get size(): number {
    return this.#byKey.size;
  }

  /** The key of the oldest entry. */
  get oldest(): K | undefined {
    return this.#oldest?.key;
  }

  get(key: K): V | undefined {
    return this.#byKey.get(key)?.value;
  }

  /** Gives an entry another value. It does not become newer. */
  replace(key: K, value: V): void {
    const entry = this.#byKey.get(key);
    if (entry) entry.value = value;
  }

  /** Adds an entry as the newest one, and returns the value that the key had before. */
  add(key: K, value: V): V | undefined {
    const before = this.take(key);
    const entry: Aged<K, V> = { key, value, older: this.#newest, newer: undefined };
    if (this.#newest) this.#newest.newer = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
    this.#byKey.set(key, entry);
    return before;
  }

  /** Removes an entry and returns its value. */
  take(key: K): V | undefined {
    const entry = this.#byKey.get(key);
    if (!entry) return undefined;
    const { value, older, newer } = entry;
    this.#byKey.delete(key);
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    entry.value = undefined;
    entry.older = undefined;
    entry.newer = undefined;
    return value;
  }

  /** Iterates over the values, the oldest first. None may be removed meanwhile. */
  *values(): Generator<V, void, void> {
    for (let entry = this.#oldest; entry; entry = entry.newer) if (entry.value !== undefined) yield entry.value;
  }

  clear(): void {
    for (const key of [...this.#byKey.keys()]) this.take(key);
  }
}
