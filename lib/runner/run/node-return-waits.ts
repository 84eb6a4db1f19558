import type { Allocator, ClaimClass } from '../../allocator/index.js';
import type { Clock, Logger, Timer } from '../../base/index.js';
import type { RunHappening } from '../brain/messages.js';

/**
 * The functions of a run that wait for a node that is gone, or does not run what it is asked to, as no other could run them. It may come
 * back, but they do not wait for ever. In a run that goes on after its driver's end, they also wait for a node that this driver has never
 * seen. The log names each node once, not for every function.
 */
export class NodeReturnWaits {
  readonly #kinds: readonly ClaimClass[];
  readonly #waitMs: number;
  readonly #deps: NodeReturnWaitsDeps;
  readonly #feed: (happening: RunHappening) => void;
  readonly #waits = new Map<number, Timer>();
  /** The nodes that the log has named, until a function has a node again. */
  #named: Set<string> | undefined;
  #isAnyGone = false;
  /** In a resumed run: the kinds of functions that no member could hold when they were first asked for. */
  #unheld: Map<ClaimClass, boolean> | undefined;

  constructor(kinds: readonly ClaimClass[], waitMs: number, deps: NodeReturnWaitsDeps, feed: (happening: RunHappening) => void) {
    this.#kinds = kinds;
    this.#waitMs = waitMs;
    this.#deps = deps;
    this.#feed = feed;
  }

  /** A member is gone. */
  memberGone(states: readonly string[]): void {
    this.#isAnyGone = true;
    for (let index = 0; index < states.length; index += 1) if (states[index] === 'ready') this.asked(index);
  }

  /** A function requests a node. */
  asked(index: number): void {
    const { allocation, clock, logger, ids } = this.#deps;
    const kind = this.#kinds[index]!;
    // At the start of a new run every function had one.
    const isUnheld = this.#deps.isResumed && this.#isUnheld(index, kind);
    if ((!this.#isAnyGone && !allocation.isAnyResting && !isUnheld) || this.#waits.has(index)) return;
    const member = allocation.goneNodeFor(kind);
    if (member === undefined && !isUnheld) return;
    const waitedMs = this.#waitMs;
    if (waitedMs > 0 && !this.#named?.has(member ?? '')) {
      this.#named ??= new Set();
      this.#named.add(member ?? '');
      const whom = member === undefined ? 'a node that can go on with the run' : 'the return of the only node that can go on with the run';
      logger.warn(
        { functionId: ids[index], ...(member !== undefined && { member }), waitMs: waitedMs },
        `waiting up to ${waitedMs} ms for ${whom}`,
      );
    }
    const wait = clock.after(waitedMs, () => {
      this.#waits.delete(index);
      const node = allocation.goneNodeFor(kind);
      if (node !== undefined) this.#feed({ type: 'node-missed', index, node, waitedMs, isMember: allocation.isResting(node) });
      else if (this.#deps.isResumed && allocation.impossible(kind, ids[index]!)) this.#feed({ type: 'node-missed', index, waitedMs });
    });
    this.#waits.set(index, wait);
  }

  #isUnheld(index: number, kind: ClaimClass): boolean {
    this.#unheld ??= new Map();
    let isUnheld = this.#unheld.get(kind);
    if (isUnheld === false) return false;
    isUnheld = this.#deps.allocation.impossible(kind, this.#deps.ids[index]!) !== undefined;
    this.#unheld.set(kind, isUnheld);
    return isUnheld;
  }

  /** The function has a node. */
  found(index: number): void {
    if (this.#waits.size === 0) return;
    this.#waits.get(index)?.cancel();
    if (this.#waits.delete(index)) this.#named?.clear();
  }

  close(): void {
    for (const wait of this.#waits.values()) wait.cancel();
    this.#waits.clear();
  }
}

/** The parts of the node that waiting needs. */
export interface NodeReturnWaitsDeps {
  readonly allocation: Allocator;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The ids of the run's functions, by index. */
  readonly ids: readonly string[];
  /** Whether the run goes on with what another driver, or an earlier one, began. */
  readonly isResumed: boolean;
}
