import type { StoredValue } from '../value/index.js';

/** Those that wait for values by DAG id. */
export class Waiters {
  readonly #byDag = new Map<string, Map<string, Set<Waiter>>>();

  /** How many DAGs are waited for. */
  get size(): number {
    return this.#byDag.size;
  }

  /** Calls `found` once when the value appears. Returns a function that stops waiting. */
  add(dagId: string, id: string, waiter: Waiter): () => void {
    const ids = this.#byDag.get(dagId) ?? new Map<string, Set<Waiter>>();
    this.#byDag.set(dagId, ids);
    const waiters = ids.get(id) ?? new Set<Waiter>();
    ids.set(id, waiters);
    waiters.add(waiter);
    return () => {
      waiters.delete(waiter);
      if (waiters.size === 0 && ids.get(id) === waiters) ids.delete(id);
      if (ids.size === 0 && this.#byDag.get(dagId) === ids) this.#byDag.delete(dagId);
    };
  }

  /** The value is there. */
  wake(dagId: string, id: string, value: StoredValue): void {
    const ids = this.#byDag.get(dagId);
    const waiters = ids?.get(id);
    if (!ids || !waiters) return;
    ids.delete(id);
    if (ids.size === 0) this.#byDag.delete(dagId);
    for (const waiter of waiters) waiter.found(value);
  }
}

/** A request for a value that is not there yet. */
export interface Waiter {
  found(value: StoredValue): void;
}
