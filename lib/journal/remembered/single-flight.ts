// Brain: pure.

/**
 * Lets one of those that want the result of a key at once make it. The others wait for its end, in the order in which they came. Enter
 * before the key is looked up: what was looked up earlier may be out of date when the turn comes.
 */
export class SingleFlight {
  /** By key, those that are there: the first flies, the others wait. */
  readonly #queues = new Map<string, Set<FlightTold>>();

  /**
   * Asks for the turn of a key. `told` is called once while it waits, within the `end` of another: `'landed'`, the result is remembered now
   * and can be looked up (where it is not found any more, enter again); or `'turn'`, it flies from now on.
   */
  enter(key: string, told: FlightTold): Flight {
    const queue = this.#queues.get(key) ?? new Set();
    this.#queues.set(key, queue);
    // A function of its own: the caller may enter twice with the same.
    const one: FlightTold = (news) => told(news);
    queue.add(one);
    return { isFlying: queue.size === 1, end: (isRemembered) => this.#end(key, one, isRemembered) };
  }

  /** How many keys are being made. */
  get size(): number {
    return this.#queues.size;
  }

  #end(key: string, one: FlightTold, isRemembered: boolean): void {
    const queue = this.#queues.get(key);
    if (!queue) return;
    const [first] = queue;
    if (!queue.delete(one)) return;
    const isOver = queue.size === 0 || (first === one && isRemembered);
    if (isOver) this.#queues.delete(key);
    if (first !== one) return;
    if (isRemembered) for (const waiting of queue) waiting('landed');
    else for (const next of queue) return next('turn');
  }
}

/** Tells one that waits for the turn of a key. */
export type FlightTold = (news: 'landed' | 'turn') => void;

/** A place in the queue of a key. */
export interface Flight {
  /** Whether its turn came at once: it looks the key up, and makes the result if it is not found. */
  readonly isFlying: boolean;
  /**
   * It is over with the key: it found or remembered the result (`isRemembered`), or failed, was cancelled, or waits no longer. The next one
   * flies then. To be called in each case; safe to call again, and after it was told `'landed'`.
   */
  end(isRemembered: boolean): void;
}
