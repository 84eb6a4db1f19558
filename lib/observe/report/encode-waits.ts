import type { ObservedRun } from '../../runner/index.js';
import { encodeColumn, ListEncoder, NameEncoder } from './encode-column.js';
import type { EncodedWaits } from './encoded-run.js';
import type { ReportLimits } from './report-limits.js';

/** From each function back to its producers. Functions that are added while the report is made have none. */
export const distances = (index: number, producers: readonly number[], size: number): number[] =>
  producers.filter((producer) => producer < size).map((producer) => index - producer);

/** What functions wait for. */
export class WaitEncoder {
  leftOut = 0;
  readonly #most: number;
  readonly #functions: number[] = [];
  readonly #kinds = new NameEncoder();
  readonly #sinceMs: number[] = [];
  readonly #hasUntil: number[] = [];
  readonly #untilMs: number[] = [];
  readonly #producers = new ListEncoder();
  readonly #lacking = new NameEncoder();
  readonly #nodes = new NameEncoder();

  constructor(limits: ReportLimits) {
    this.#most = limits.waits;
  }

  add(run: ObservedRun, index: number, size: number): void {
    const wait = run.waitOf(index);
    if (!wait) return;
    this.#functions.push(index);
    this.#kinds.add(wait.for);
    this.#sinceMs.push(wait.sinceMs);
    this.#hasUntil.push(wait.untilMs === undefined ? 0 : 1);
    this.#untilMs.push(wait.untilMs ?? 0);
    const producers = distances(index, wait.producers, size);
    const kept = producers.slice(0, Math.max(0, this.#most - this.#producers.count));
    this.leftOut += producers.length - kept.length;
    this.#producers.add(kept);
    this.#nodes.add(wait.node ?? '');
    this.#lacking.add(JSON.stringify(wait.lacking));
  }

  encoded(): EncodedWaits {
    return {
      ...{ count: this.#functions.length, functions: encodeColumn(this.#functions) },
      ...{ kinds: this.#kinds.encoded(), producers: this.#producers.encoded(), lacking: this.#lacking.encoded() },
      nodes: this.#nodes.encoded(),
      ...{ sinceMs: encodeColumn(this.#sinceMs), hasUntil: encodeColumn(this.#hasUntil), untilMs: encodeColumn(this.#untilMs) },
    };
  }
}
