import { isThenable, type Logger, readSafely, safeThrown, textOf } from '../base/index.js';
import { StoredValue } from '../value/index.js';
import { defaultBackend } from './backends/index.js';
import type { StoreBackend, ValueShelf } from './store.js';

/**
 * Makes a user's own store backend safe. When it throws, or returns something that was not put, it is given up: `logger` says so, and
 * values put from then on are kept in memory. Values that it still has are read from it. Throws `TypeError` if it is not a backend.
 */
export function guardedBackend(given: unknown, logger: Logger): StoreBackend {
  const isObject = typeof given === 'object' && given !== null;
  const name = isObject ? readSafely(given, 'name') : undefined;
  const open = isObject ? readSafely(given, 'open') : undefined;
  if (typeof name !== 'string' || typeof open !== 'function') throw new TypeError('storeBackend must have a name and an open function');
  const trust = new Trust(name, logger);
  return {
    name,
    open: () => {
      const shelf = trust.ask('open', () => Reflect.apply(open, given, []) as unknown);
      return new GuardedShelf(typeof shelf === 'object' && shelf !== null ? shelf : undefined, trust);
    },
  };
}

/** Whether the backend has kept to its contract so far; calls its code. */
class Trust {
  isLost = false;
  readonly #backend: string;
  readonly #logger: Logger;

  constructor(backend: string, logger: Logger) {
    this.#backend = backend;
    this.#logger = logger;
  }

  /** Returns what a call of the backend returns. If it throws, or returns a promise, trust is lost, and `undefined` is returned. */
  ask(what: string, call: () => unknown): unknown {
    try {
      const returned = call();
      if (!isThenable(returned)) return returned;
      // An unhandled rejection would end the process.
      Promise.resolve(returned).catch(() => {});
      this.lose(`its ${what} gave a promise`);
    } catch (error) {
      this.lose(`its ${what} threw: ${textOf(safeThrown(error))}`);
    }
    return undefined;
  }

  lose(fault: string): void {
    if (this.isLost) return;
    this.isLost = true;
    const message = 'values are kept in memory from now on: the store backend that was given does not keep to its contract';
    this.#logger.error({ backend: this.#backend, fault }, message);
  }
}

/** A user's own shelf, and one in memory for the values that it does not take. */
class GuardedShelf implements ValueShelf {
  readonly #own: object;
  readonly #trust: Trust;
  readonly #inMemory = defaultBackend().open();
  /** The ids on the user's own shelf. */
  readonly #ids = new Set<string>();

  constructor(own: object | undefined, trust: Trust) {
    if (!own) trust.lose('its open gave no shelf');
    this.#own = own ?? {};
    this.#trust = trust;
  }

  get sizeBytes(): number {
    return this.#inMemory.sizeBytes + (this.#ids.size === 0 ? 0 : this.#ownBytes());
  }

  put(id: string, value: StoredValue): void {
    if (!this.#trust.isLost) this.#call('put', id, value);
    // Trust may have been lost just now.
    if (this.#trust.isLost) {
      this.#inMemory.put(id, value);
      this.#forget(id);
    } else this.#ids.add(id);
  }

  get(id: string): StoredValue | undefined {
    if (!this.#ids.has(id)) return this.#inMemory.get(id);
    const value = this.#call('get', id);
    if (StoredValue.is(value)) return value;
    this.#trust.lose(value === undefined ? 'its get does not give what was put' : 'its get gave what is no value');
    this.#ids.delete(id);
    return undefined;
  }

  delete(id: string): void {
    this.#inMemory.delete(id);
    this.#forget(id);
  }

  ids(): Iterable<string> {
    return [...this.#ids, ...this.#inMemory.ids()];
  }

  #forget(id: string): void {
    if (this.#ids.delete(id)) this.#call('delete', id);
  }

  #ownBytes(): number {
    const bytes = this.#trust.ask('sizeBytes', () => (this.#own as Partial<ValueShelf>).sizeBytes);
    if (typeof bytes === 'number' && bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
    this.#trust.lose('its sizeBytes is no number of bytes');
    return 0;
  }

  #call(method: 'put' | 'get' | 'delete', ...args: readonly unknown[]): unknown {
    return this.#trust.ask(method, () => Reflect.apply((this.#own as Record<string, () => unknown>)[method]!, this.#own, args));
  }
}
