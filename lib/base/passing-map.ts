interface Cell<V> {
  value: V | undefined;
}

/**
 * A map for what comes and goes by the thousand, in the order of coming. V8's `Map` leaves its old table behind each time it makes room,
 * with whatever was in it then, and an old table that a young collection has spared leads to the next one: all that ever passed through
 * would be copied to the old generation. Here the table leads to cells only, and a cell is emptied when its value goes. Not for
 * `undefined`.
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
