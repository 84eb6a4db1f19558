// Brain: pure.
import { amounts } from '../capacity/resources.js';
import type { Capabilities } from '../strategy.js';
import type { ClaimClass } from './claim-class.js';

/** More are not kept: it is looked through one by one. */
const MOST = 16;

/**
 * Classes that are the same in all runs of a node: without a group, and without modules that may differ. A small run would take longer to
 * make its classes, and what the queue knows of them, than to run.
 */
export class CommonClasses {
  readonly #classes: ClaimClass[] = [];

  /** Returns the class with these needs, the same object each time; `undefined` if there are too many others. */
  classOf({ slot, costs, pinnedTo, opens }: CommonNeeds): ClaimClass | undefined {
    for (const one of this.#classes) {
      if (one.slot === slot && one.growsMemory === opens && one.pinnedTo === pinnedTo && sameCosts(one.costs, costs)) return one;
    }
    if (this.#classes.length === MOST) return undefined;
    // Strategies of users get it.
    const own = Object.freeze({ ...costs });
    const made: ClaimClass = { slot, costs: own, cost: amounts(costs), pinnedTo, group: undefined, growsMemory: opens };
    this.#classes.push(made);
    return made;
  }
}

/** Whether two records of costs say the same, in whatever order. */
export function sameCosts(a: Capabilities, b: Capabilities): boolean {
  if (a === b) return true;
  let more = 0;
  for (const name in a) {
    if (a[name] !== b[name]) return false;
    more += 1;
  }
  for (const _name in b) more -= 1;
  return more === 0;
}

/** What the functions of a class need. */
interface CommonNeeds {
  readonly slot: string;
  readonly costs: Capabilities;
  readonly pinnedTo: string | undefined;
  /** Whether they leave more values behind than before. */
  readonly opens: boolean;
}
