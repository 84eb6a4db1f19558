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
  /** How late a beat of 20 ms was at most. */
  readonly lateMs: number;
}

const BEAT_MS = 20;
const NONE: Stretch = { ranMs: 0, tookMs: 0, collectedMs: 0, lateMs: 0 };

/** Watches the turns of the event loop, and has a beat as a node has. What other programs take of the processor does not count in `ranMs`. */
export class LoopWatch {
  #lastRanMs = ranMs();
  #lastMs = performance.now();
  #beatDueMs = 0;
  #longest = { ...NONE };
  #isOn = true;
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#longest.collectedMs = Math.max(this.#longest.collectedMs, duration);
  });

  constructor() {
    this.#collections.observe({ entryTypes: ['gc'] });
    this.#turn();
    this.#beat();
  }

  /** Returns the longest turn since the last call. */
  take(): Stretch {
    this.#late();
    const longest = this.#longest;
    this.#longest = { ...NONE };
    return longest;
  }

  stop(): void {
    this.#isOn = false;
    this.#collections.disconnect();
  }

  #beat(): void {
    this.#beatDueMs = performance.now() + BEAT_MS;
    setTimeout(() => {
      this.#late();
      if (this.#isOn) this.#beat();
    }, BEAT_MS);
  }

  /** Looks how late the next beat is by now. */
  #late(): void {
    this.#longest.lateMs = Math.max(this.#longest.lateMs, performance.now() - this.#beatDueMs);
  }

  #turn(): void {
    const [ran, now] = [ranMs(), performance.now()];
    this.#longest.ranMs = Math.max(this.#longest.ranMs, ran - this.#lastRanMs);
    this.#longest.tookMs = Math.max(this.#longest.tookMs, now - this.#lastMs);
    [this.#lastRanMs, this.#lastMs] = [ran, now];
    if (this.#isOn) setImmediate(() => this.#turn());
  }
}
