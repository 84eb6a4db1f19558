import type { ObservedWait } from '../../runner/index.js';
import { DecodedLists, decodeColumn, decodeNames } from './decode-column.js';
import type { EncodedWaits } from './encoded-run.js';

/** What functions of a report wait for. */
export class DecodedWaits {
  readonly #rows = new Map<number, number>();
  readonly #kinds: (row: number) => string;
  readonly #lacking: (row: number) => string;
  readonly #nodes: (row: number) => string;
  readonly #sinceMs: ArrayLike<number>;
  readonly #hasUntil: ArrayLike<number>;
  readonly #untilMs: ArrayLike<number>;
  readonly #producers: DecodedLists;

  constructor(waits: EncodedWaits) {
    const { count } = waits;
    const functions = decodeColumn(waits.functions, count);
    for (let row = 0; row < count; row += 1) this.#rows.set(functions[row]!, row);
    this.#kinds = decodeNames(waits.kinds, count);
    this.#lacking = decodeNames(waits.lacking, count);
    this.#nodes = decodeNames(waits.nodes, count);
    this.#sinceMs = decodeColumn(waits.sinceMs, count);
    this.#hasUntil = decodeColumn(waits.hasUntil, count);
    this.#untilMs = decodeColumn(waits.untilMs, count);
    this.#producers = new DecodedLists(waits.producers, count);
  }

  waitOf(index: number): ObservedWait | undefined {
    const row = this.#rows.get(index);
    if (row === undefined) return undefined;
    const node = this.#nodes(row);
    return {
      for: this.#kinds(row) as ObservedWait['for'],
      sinceMs: this.#sinceMs[row]!,
      producers: this.#producers.listOf(row).map((distance) => index - distance),
      lacking: JSON.parse(this.#lacking(row)) as ObservedWait['lacking'],
      ...(node !== '' && { node }),
      ...(this.#hasUntil[row] === 1 && { untilMs: this.#untilMs[row]! }),
    };
  }
}
