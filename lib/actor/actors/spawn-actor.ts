import type { ActorRef, ExitReason, Handler, Parent } from '../contract.js';
import { type Cell, cellOf } from '../tree/cell.js';
import { spawnUnder, spawnUnderNow } from './actor-cell.js';
import type { ActorOptions } from './actor-options.js';

/**
 * Starts an actor under `parent`; it ends with its parent at the latest. `init` makes the first state and has been called when this
 * resolves. `onTerminate` runs once, after the last message and after the actor's own children have ended, unless the actor is killed. What
 * it throws is logged.
 * @throws what `init` threw, and `TypeError` for wrong arguments.
 * @throws `HANDOFF_START_FAILED` for a name taken under the same parent, and `HANDOFF_STOPPED` if the parent has ended or the actor is
 * ended while it starts.
 */
export function spawnActor<S, M>(
  parent: Parent,
  handler: Handler<S, M>,
  options: { name?: string; init: () => S | Promise<S>; onTerminate?: (state: S, reason: ExitReason) => void | Promise<void> },
): Promise<ActorRef<M>>;
export function spawnActor<M>(
  parent: Parent,
  handler: Handler<undefined, M>,
  options?: { name?: string; onTerminate?: (state: undefined, reason: ExitReason) => void | Promise<void> },
): Promise<ActorRef<M>>;
export function spawnActor<S, M>(parent: Parent, handler: Handler<S, M>, options: ActorOptions<S> = {}): Promise<ActorRef<M>> {
  let above: Cell;
  try {
    above = cellOf('parent', parent);
  } catch (error) {
    return Promise.reject(error);
  }
  return spawnUnder(above, handler as Handler<unknown, unknown>, options as ActorOptions<unknown>);
}

/**
 * Like `spawnActor`, for an actor without an `init`: it runs when this returns. For our own actors that come and go by the thousand. Throws
 * what `spawnActor` rejects with.
 */
export function spawnNow<M>(parent: Parent, handler: Handler<undefined, M>, options: { name?: string }): ActorRef<M> {
  return spawnUnderNow(cellOf('parent', parent), handler as Handler<unknown, unknown>, options);
}
