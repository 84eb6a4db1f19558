// Brain: pure.
import { type Amounts, covers } from './resources.js';

/** The costs of the claims that are held in the slots of one name. Functions that are alike share the object of their cost. */
export class HeldCosts {
  /** By cost, how many claims hold one. */
  readonly #counts = new Map<Amounts, number>();

  add(cost: Amounts): void {
    this.#counts.set(cost, (this.#counts.get(cost) ?? 0) + 1);
  }

  /** Removes one, if it is there. */
  remove(cost: Amounts): void {
    const alike = this.#counts.get(cost) ?? 0;
    if (alike > 1) this.#counts.set(cost, alike - 1);
    else this.#counts.delete(cost);
  }

  /** Whether each of them covers a cost. */
  cover(cost: Amounts): boolean {
    for (const held of this.#counts.keys()) if (!covers(held, cost)) return false;
    return true;
  }
}
