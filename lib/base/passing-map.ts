interface Cell<V> {
  value: V | undefined;
}

/**
 * An insertion-ordered map for entries that come and go by the thousand. V8's `Map` leaves its old table behind each time it makes room,
 * with all that was in it. An old table that survived a young collection points to the next one, so everything that ever passed through
 * would be copied to the old generation. Here the table points to cells only, and a cell is emptied when its value goes.
 *
 * Values must not be `undefined`.
 */
export class PassingMap<K, V extends NonNullable<unknown>> {
  readonly #cells = new Map<K, Cell<V>>();

  get size(): number {
    return this.#cells.size;
  }

  get(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#cells.has(key);
  }

  set(key: K, value: V): this {
    const cell = this.#cells.get(key);
    if (cell) cell.value = value;
    else this.#cells.set(key, { value });
    return this;
  }

  /** Removes the entry and returns its value. */
  take(key: K): V | undefined {
    const cell = this.#cells.get(key);
    if (!cell) return undefined;
    const { value } = cell;
    cell.value = undefined;
    this.#cells.delete(key);
    return value;
  }

  delete(key: K): boolean {
    return this.take(key) !== undefined;
  }

  clear(): void {
    for (const cell of this.#cells.values()) cell.value = undefined;
    this.#cells.clear();
  }

  keys(): MapIterator<K> {
    return this.#cells.keys();
  }

  *[Symbol.iterator](): Generator<[K, V], void, void> {
    for (const [key, { value }] of this.#cells) if (value !== undefined) yield [key, value];
  }

  *values(): Generator<V, void, void> {
    for (const { value } of this.#cells.values()) if (value !== undefined) yield value;
  }
}
