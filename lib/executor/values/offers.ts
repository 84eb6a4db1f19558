import type { HandoffError } from '../../base/index.js';
import type { StoredValue } from '../../value/index.js';

/** Who hears of a value. */
export interface ValueListener {
  found(value: StoredValue): void;
  /** `undefined`: it is not there. */
  missing(error: Error | HandoffError | undefined): void;
}

/** Makes a value when somebody wants it. */
export type ValueMaker = (listener: ValueListener) => void;

/**
 * Values that this node has said it would give, by a number that means nothing to others: whoever was told it may fetch them until they are
 * dropped.
 */
export class Offers {
  readonly #makers = new Map<number, ValueMaker>();
  #last = 0;

  get size(): number {
    return this.#makers.size;
  }

  add(maker: ValueMaker): number {
    this.#last += 1;
    this.#makers.set(this.#last, maker);
    return this.#last;
  }

  find(offer: number): ValueMaker | undefined {
    return this.#makers.get(offer);
  }

  drop(offer: number): void {
    this.#makers.delete(offer);
  }
}
