import type { HandoffError } from '../../base/index.js';
import type { StoredValue } from '../../value/index.js';

/**
 * Values that this node has offered, by a number that is meaningless to others. A node that received the number may fetch the value until
 * it is dropped.
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

/** Receives a value. */
export interface ValueListener {
  found(value: StoredValue): void;
  /** `undefined` means that it is not there. */
  missing(error: Error | HandoffError | undefined): void;
}

/** Makes a value when it is requested. */
export type ValueMaker = (listener: ValueListener) => void;
