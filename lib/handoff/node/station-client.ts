import { type ActorRef, ask } from '../../actor/index.js';
import { HandoffError, keepAlive, nameFault } from '../../base/index.js';
import type { Lifecycle } from './lifecycle.js';
import type { Stations, Tree } from './tree.js';

/** An answer that has not come after this long never will. */
const ANSWER_MS = 2 ** 40;

/** Asks the supervised actors of a node on behalf of callers outside the tree. */
export class StationClient {
  readonly #tree: Tree;
  readonly #lifecycle: Lifecycle;

  constructor(tree: Tree, lifecycle: Lifecycle) {
    this.#tree = tree;
    this.#lifecycle = lifecycle;
  }

  /**
   * Asks an actor. If the actor crashes meanwhile, its next incarnation is asked again: every question may be repeated. Rejects with
   * `HANDOFF_STOPPED` once the node has stopped.
   */
  async ask<R, N extends keyof Stations>(name: N, request: (replyTo: ActorRef<R>) => Stations[N]): Promise<R> {
    this.#lifecycle.refuse();
    const alive = keepAlive();
    try {
      for (;;) {
        const ref = this.#tree.ref(name);
        try {
          return await ask<Stations[N], R>(ref, request, ANSWER_MS);
        } catch (error) {
          if (!HandoffError.is(error, 'HANDOFF_STOPPED')) throw error;
          await Promise.race([this.#tree.replaced(name, ref), this.#lifecycle.stopped]);
          this.#lifecycle.refuse();
        }
      }
    } finally {
      alive.cancel();
    }
  }
}

/** Throws `TypeError` if it is not a valid id or name. */
export function checkId(given: unknown, what: string): void {
  if (typeof given !== 'string' || given === '') throw new TypeError(`${what} must be a non-empty string`);
  const fault = nameFault(given);
  if (fault !== undefined) throw new TypeError(`${what} ${fault}`);
}
