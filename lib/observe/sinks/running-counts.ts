// Brain: pure.
import type { TraceEvent } from './chrome-trace-event.js';

/** How many parts the time of a run is divided into. */
const PARTS = 1000;

/** How many functions each node ran, on average, in each thousandth of a run. */
export class RunningCounts {
  readonly #partMs: number;
  /** By node, what attempts that fill only a part of a thousandth fill of it. */
  readonly #rests: Float64Array[] = [];
  /** By node and thousandth, how many attempts begin to fill it whole, less those that end to. */
  readonly #steps: Float64Array[] = [];

  constructor(elapsedMs: number) {
    this.#partMs = Math.max(elapsedMs, 0.001) / PARTS;
  }

  /** An attempt ran from one time to another. */
  add(node: number, fromMs: number, toMs: number): void {
    this.#rests[node] ??= new Float64Array(PARTS);
    this.#steps[node] ??= new Float64Array(PARTS + 1);
    const rests = this.#rests[node]!;
    const steps = this.#steps[node]!;
    const from = Math.min(PARTS, fromMs / this.#partMs);
    const to = Math.min(PARTS, toMs / this.#partMs);
    const first = Math.min(PARTS - 1, Math.floor(from));
    const last = Math.min(PARTS - 1, Math.floor(to));
    if (first === last) {
      rests[first]! += to - from;
      return;
    }
    rests[first]! += first + 1 - from;
    rests[last]! += to - last;
    steps[first + 1]! += 1;
    steps[last]! -= 1;
  }

  /** Returns a count wherever it changes. */
  events(pidOf: (node: number) => number): TraceEvent[] {
    const events: TraceEvent[] = [];
    for (const [node, rests] of this.#rests.entries()) {
      if (!rests) continue;
      const pid = pidOf(node);
      let whole = 0;
      let shown = -1;
      for (let part = 0; part < PARTS; part += 1) {
        whole += this.#steps[node]![part]!;
        const running = Math.round((whole + rests[part]!) * 100) / 100;
        if (running === shown) continue;
        shown = running;
        events.push({ name: 'running functions', ph: 'C', pid, ts: Math.round(part * this.#partMs * 1e6) / 1000, args: { running } });
      }
      events.push({ name: 'running functions', ph: 'C', pid, ts: Math.round(PARTS * this.#partMs * 1e6) / 1000, args: { running: 0 } });
    }
    return events;
  }
}
