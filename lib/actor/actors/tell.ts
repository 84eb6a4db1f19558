import type { ActorRef } from '../contract.js';
import { printed } from '../tree/cell.js';
import { Handle } from '../tree/handle.js';

/**
 * Sends a message; never waits. False when it will never be read: the actor has ended or is ending. True promises no more than that it was
 * queued: an actor that ends first drops it. Messages from one sender to one actor keep their order. Throws `TypeError` for what is no ref.
 */
export function tell<M>(ref: ActorRef<M>, message: NoInfer<M>): boolean {
  const target = Handle.targetOf(ref);
  if (!target) throw new TypeError(`ref must be an ActorRef, not ${printed(ref)}`);
  return target.post(message);
}
