import type { RunSummary } from '../../lib/index.js';

/** Rates are over so long, ms. */
const OVER_MS = 5000;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** How many functions of each run end in a second, over the last seconds. */
export class RunRates {
  #samples = new Map<string, readonly Sample[]>();

  /** Takes the present state of all runs in. Returns their rates: of those that were seen before. */
  take(runs: readonly RunSummary[], nowMs: number): Map<string, number> {
    const samples = new Map<string, readonly Sample[]>();
    const rates = new Map<string, number>();
    for (const { runId, state, progress } of runs) {
      if (state !== 'running') continue;
      const done = progress.succeeded + progress.failed + progress.skipped + progress.cancelled;
      const known = (this.#samples.get(runId) ?? []).filter(({ atMs }) => nowMs - atMs <= OVER_MS);
      const [first] = known;
      if (first && nowMs > first.atMs) rates.set(runId, Math.max(0, ((done - first.done) * 1000) / (nowMs - first.atMs)));
      samples.set(runId, [...known, { atMs: nowMs, done }]);
    }
    this.#samples = samples;
    return rates;
  }
}
