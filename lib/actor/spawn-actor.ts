import { ActorPlace } from './actor-place.js';
import type { ActorRef, ExitReason, Handler, Parent } from './contract.js';
import { type Place, placeOf, printed } from './place.js';

interface ActorOptions<S> {
  name?: string;
  init?: () => S | Promise<S>;
  onTerminate?: (state: S, reason: ExitReason) => void | Promise<void>;
}

/** `spawnActor` under a place. */
export async function spawnUnder(
  parent: Place,
  handler: Handler<unknown, unknown>,
  options: ActorOptions<unknown>,
): Promise<ActorRef<unknown>> {
  checkFunction('handler', handler);
  if (typeof options !== 'object' || options === null) throw new TypeError(`options must be an object, not ${printed(options)}`);
  const { name, init, onTerminate } = options;
  checkName(name);
  if (init !== undefined) checkFunction('init', init);
  if (onTerminate !== undefined) checkFunction('onTerminate', onTerminate);
  const place = new ActorPlace(parent.ground, parent, { name, handler, init, onTerminate });
  await place.start(init);
  return place.handle;
}

/** A name that was given must be a non-empty string; any characters will do. */
export function checkName(name: unknown): asserts name is string | undefined {
  if (name === undefined) return;
  if (typeof name !== 'string') throw new TypeError(`name must be a string, not ${printed(name)}`);
  if (name === '') throw new TypeError('name must not be empty');
}

function checkFunction(field: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${field} must be a function, not ${printed(value)}`);
}

/**
 * Starts an actor under `parent`, which it does not outlive. `init` makes the first state; it has been called when this resolves.
 * `onTerminate` runs once, after the last message and the end of the actor's own children, unless it is killed; what it throws is logged.
 * Rejects with what `init` threw, `HANDOFF_START_FAILED` for a name taken under the same parent, `HANDOFF_STOPPED` when the parent has ended
 * or the actor is ended while it starts, `TypeError` for wrong arguments.
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
export async function spawnActor(
  parent: Parent,
  handler: Handler<never, never>,
  options: ActorOptions<never> = {},
): Promise<ActorRef<never>> {
  return spawnUnder(placeOf('parent', parent), handler as Handler<unknown, unknown>, options as ActorOptions<unknown>);
}
