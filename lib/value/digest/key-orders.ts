/** So many lists of keys are remembered. */
const REMEMBERED = 64;

interface KeyOrder {
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
}

/** Sorts the keys of objects. Lists of keys repeat: those of a row are most often those of other rows, in the same order. */
export class KeyOrders {
  #last: KeyOrder = { keys: [], sorted: [] };
  /** By the number of keys and the last of them, the latest list. */
  readonly #known = new Map<string, KeyOrder>();

  /** Returns the keys by their characters. The list must not be changed. */
  sorted(keys: readonly string[]): readonly string[] {
    if (isSame(keys, this.#last.keys)) return this.#last.sorted;
    const name = `${keys.length} ${keys.at(-1)}`;
    const known = this.#known.get(name);
    if (known && isSame(keys, known.keys)) {
      this.#last = known;
      return known.sorted;
    }
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#last = { keys, sorted: isInOrder(keys) ? keys : keys.slice().sort() };
    this.#known.set(name, this.#last);
    return this.#last.sorted;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let k = 0; k < one.length; k += 1) if (one[k] !== other[k]) return false;
  return true;
}

function isInOrder(keys: readonly string[]): boolean {
  for (let k = 1; k < keys.length; k += 1) if (keys[k - 1]! > keys[k]!) return false;
  return true;
}
