import type { AttemptHistory, AttemptOutcome, AttemptRow, AttemptTotals, SeeAttempt } from '../../runner/index.js';
import { decodeColumn } from './decode-column.js';
import type { EncodedAttempts } from './encoded-run.js';

/** The attempts of a run of a report. */
export class ReportedAttempts implements AttemptHistory {
  readonly count: number;
  readonly first: number;
  readonly nodes: readonly string[];
  readonly #outcomes: readonly AttemptOutcome[];
  readonly #totals: readonly AttemptTotals[];
  readonly #columns: readonly ArrayLike<number>[];

  constructor(encoded: EncodedAttempts) {
    this.count = encoded.count;
    this.first = encoded.first;
    this.nodes = encoded.nodes;
    this.#outcomes = encoded.outcomes;
    this.#totals = encoded.totals;
    this.#columns = encoded.columns.map((column) => decodeColumn(column, encoded.count - encoded.first));
  }

  totals(): readonly AttemptTotals[] {
    return this.#totals;
  }

  each(from: number, to: number, see: SeeAttempt): void {
    for (let row = Math.max(from, this.first); row < Math.min(to, this.count); row += 1) {
      const of = (column: number): number => this.#columns[column]![row - this.first]!;
      see(row, of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8), of(9), of(10), of(11));
    }
  }

  row(number: number): AttemptRow {
    if (!(number >= this.first && number < this.count)) {
      throw new RangeError(`Cannot read attempt ${number}: those from ${this.first} to ${this.count - 1} are kept`);
    }
    const of = (column: number): number => this.#columns[column]![number - this.first]!;
    return {
      index: of(0),
      attempt: of(1),
      node: this.nodes[of(2)]!,
      slot: of(3),
      outcome: this.#outcomes[of(4)]!,
      endMs: of(5),
      phases: { waitMs: of(6), fetchMs: of(7), loadMs: of(8), runMs: of(9), packMs: of(10), handOverMs: of(11) },
    };
  }
}
