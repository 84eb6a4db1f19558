import { MOVABLE_BYTES, type StoredValue, type ValueEntry } from '../../value/index.js';

/**
 * The values that an attempt uses: they stay where they are until it ends, in memory or in their files. Most attempts have none that could
 * leave it.
 */
export class Uses {
  readonly #entries: ValueEntry[] = [];
  /** Values that are put together of others, which have their own bytes only as long as an attempt needs them. */
  readonly #wholes: StoredValue[] = [];
  /** Ends the uses of files that are read where the attempt runs. */
  readonly #holds: (() => void)[] = [];

  /** Begins to use the arguments of an attempt. */
  static of(steps: readonly { readonly inputs: readonly (StoredValue | number)[] }[]): Uses | undefined {
    let uses: Uses | undefined;
    for (const { inputs } of steps) {
      for (const input of inputs) {
        if (typeof input === 'number' || input.sizeBytes < MOVABLE_BYTES) continue;
        uses ??= new Uses();
        uses.add(input);
      }
    }
    return uses;
  }

  /** The value is used from now on, with all that it is put together of. */
  add(value: StoredValue): void {
    const { entry, movableParts, away } = value;
    if (away?.hold) this.#holds.push(away.hold());
    if (entry) {
      entry.use();
      this.#entries.push(entry);
    } else if (movableParts) {
      this.#wholes.push(value);
      for (const part of movableParts) this.add(part);
    }
  }

  /** The attempt is over. */
  end(): void {
    for (const entry of this.#entries) entry.endUse();
    for (const whole of this.#wholes) whole.forgetPacked();
    for (const release of this.#holds) release();
  }
}
