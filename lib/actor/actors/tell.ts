import type { ActorRef } from '../contract.js';
import { printed } from '../tree/cell.js';
import { Handle } from '../tree/handle.js';

/**
 * Sends a message; never waits. Returns false if the message will never be read, as the actor has ended or is ending. True means only that
 * it was queued: an actor that ends first drops it. Messages from one sender to one actor keep their order.
 * @throws `TypeError` if `ref` is not a ref.
 */
export function tell<M>(ref: ActorRef<M>, message: NoInfer<M>): boolean {
  const target = Handle.targetOf(ref);
  if (!target) throw new TypeError(`ref must be an ActorRef, not ${printed(ref)}`);
  return target.post(message);
}
