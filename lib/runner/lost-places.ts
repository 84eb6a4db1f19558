import type { AllocationTable, ClaimKind } from '../allocator/index.js';
import type { Clock, Timer } from '../base/index.js';
import type { RunHappening } from './messages.js';

/**
 * The functions of a run that wait for a node which is gone, as no other could run them: the node may come back, but they do not wait for ever.
 */
export class LostPlaces {
  readonly #kinds: readonly ClaimKind[];
  readonly #waitMs: number;
  readonly #ground: { readonly allocation: AllocationTable; readonly clock: Clock };
  readonly #feed: (happening: RunHappening) => void;
  readonly #waits = new Map<number, Timer>();
  #isAnyGone = false;

  constructor(
    kinds: readonly ClaimKind[],
    waitMs: number,
    ground: { readonly allocation: AllocationTable; readonly clock: Clock },
    feed: (happening: RunHappening) => void,
  ) {
    this.#kinds = kinds;
    this.#waitMs = waitMs;
    this.#ground = ground;
    this.#feed = feed;
  }

  /** A member is gone. */
  memberGone(states: readonly string[]): void {
    this.#isAnyGone = true;
    for (let index = 0; index < states.length; index += 1) if (states[index] === 'ready') this.asked(index);
  }

  /** A function asks for a place. */
  asked(index: number): void {
    const { allocation, clock } = this.#ground;
    const kind = this.#kinds[index]!;
    // At the start of the run every function had one.
    if (!this.#isAnyGone || this.#waits.has(index) || allocation.goneNodeFor(kind) === undefined) return;
    const waitedMs = this.#waitMs;
    const wait = clock.after(waitedMs, () => {
      this.#waits.delete(index);
      const node = allocation.goneNodeFor(kind);
      if (node !== undefined) this.#feed({ type: 'node-missed', index, node, waitedMs });
    });
    this.#waits.set(index, wait);
  }

  /** It has a place. */
  found(index: number): void {
    this.#waits.get(index)?.cancel();
    this.#waits.delete(index);
  }

  close(): void {
    for (const wait of this.#waits.values()) wait.cancel();
    this.#waits.clear();
  }
}
