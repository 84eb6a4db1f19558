import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** How long this thread has run on a processor, ms; where the system does not tell, the time. */
function ranMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** The longest turn of the event loop, ms: on the processor, by the clock, and the longest single collection by the clock. */
export interface Stretch {
  readonly ranMs: number;
  readonly tookMs: number;
  readonly collectedMs: number;
}

/** Watches the turns of the event loop. What other programs take of the processor does not count in `ranMs`. */
export class LoopWatch {
  #lastRanMs = ranMs();
  #lastMs = performance.now();
  #longest = { ranMs: 0, tookMs: 0, collectedMs: 0 };
  #isOn = true;
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#longest.collectedMs = Math.max(this.#longest.collectedMs, duration);
  });

  constructor() {
    this.#collections.observe({ entryTypes: ['gc'] });
    this.#turn();
  }

  /** Returns the longest turn since the last call. */
  take(): Stretch {
    const longest = this.#longest;
    this.#longest = { ranMs: 0, tookMs: 0, collectedMs: 0 };
    return longest;
  }

  stop(): void {
    this.#isOn = false;
    this.#collections.disconnect();
  }

  #turn(): void {
    const [ran, now] = [ranMs(), performance.now()];
    this.#longest.ranMs = Math.max(this.#longest.ranMs, ran - this.#lastRanMs);
    this.#longest.tookMs = Math.max(this.#longest.tookMs, now - this.#lastMs);
    [this.#lastRanMs, this.#lastMs] = [ran, now];
    if (this.#isOn) setImmediate(() => this.#turn());
  }
}
