import { inspect } from 'node:util';

/**
 * A map that can only be read, whatever a cast says. A frozen `Map` still has its `set`, and `Map.prototype.set.call` evades any override.
 */
export abstract class ReadOnly<T> implements ReadonlyMap<string, T> {
  abstract readonly size: number;
  abstract get(id: string): T | undefined;
  protected abstract pairs(): Generator<[string, T]>;

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  forEach(action: (value: T, id: string, map: ReadonlyMap<string, T>) => void, thisArg?: unknown): void {
    for (const [id, value] of this.pairs()) action.call(thisArg, value, id, this);
  }

  entries(): MapIterator<[string, T]> {
    return this.pairs() as MapIterator<unknown> as MapIterator<[string, T]>;
  }

  *#keys(): Generator<string> {
    for (const [id] of this.pairs()) yield id;
  }

  *#values(): Generator<T> {
    for (const [, value] of this.pairs()) yield value;
  }

  keys(): MapIterator<string> {
    return this.#keys() as MapIterator<unknown> as MapIterator<string>;
  }

  values(): MapIterator<T> {
    return this.#values() as MapIterator<unknown> as MapIterator<T>;
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Map';
  }

  [inspect.custom](): ReadonlyMap<string, T> {
    return new Map(this);
  }
}
