import { amounts, type ClaimClass } from '../allocator/index.js';
import { slotOf } from '../executor/index.js';
import type { WireMessageOf } from '../peer/index.js';

/** The classes of claims of one run of another driver. */
export class GuestClasses {
  readonly #node: string;
  readonly #byNeeds = new Map<string, ClaimClass>();

  constructor(node: string) {
    this.#node = node;
  }

  /** Returns the class of claims for a question. Functions with equal needs share one class. */
  of({ cost, steps }: Pick<WireMessageOf<'run-attempt'>, 'cost' | 'steps'>): ClaimClass {
    // The last step is the function itself. An attempt without steps fails on the loop.
    const slot = slotOf(steps.at(-1)?.isolation ?? 'loop');
    const needs = JSON.stringify([slot, cost]);
    let kind = this.#byNeeds.get(needs);
    if (!kind) {
      const costs = Object.fromEntries(cost);
      kind = { slot, costs, cost: amounts(costs), pinnedTo: this.#node, group: undefined };
      this.#byNeeds.set(needs, kind);
    }
    return kind;
  }
}
