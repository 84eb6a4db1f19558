import { monitorEventLoopDelay } from 'node:perf_hooks';

const LOOK_MS = 5;

/**
 * @typedef {{ readonly rss: number, readonly heapUsed: number, readonly external: number }} Occupied
 * @typedef {{ readonly longestPauseMs: number, readonly grewBytes: Occupied }} Watched
 */

/** @returns {Occupied} Bytes, after garbage collection where that can be had. */
export function occupied() {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

/** What this process goes through while something goes on: how long its loop stands still at most, and how much more it occupies at most. */
export class ProcessWatch {
  #delays = monitorEventLoopDelay({ resolution: 1 });
  #before = occupied();
  #most = { rss: 0, heapUsed: 0, external: 0 };
  #timer = setInterval(() => this.#look(), LOOK_MS);

  constructor() {
    // Not with the collection above.
    setImmediate(() => this.#delays.enable());
  }

  /** @returns {Watched} */
  end() {
    clearInterval(this.#timer);
    this.#look();
    this.#delays.disable();
    return { longestPauseMs: this.#delays.max / 1e6, grewBytes: this.#most };
  }

  #look() {
    const now = process.memoryUsage();
    for (const of of /** @type {const} */ (['rss', 'heapUsed', 'external'])) {
      this.#most[of] = Math.max(this.#most[of], now[of] - this.#before[of]);
    }
  }
}
