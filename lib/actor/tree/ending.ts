import type { ActorRef, ExitReason, Supervisor } from '../contract.js';
import { type Cell, cellOf } from './cell.js';

/**
 * Ends an actor or a supervisor, and everything below it, at once: no further message, no `onTerminate`, no effect of a running handler.
 * All is done when this returns. Does nothing if it has ended.
 * @throws `TypeError` for anything else.
 */
export function kill(ref: ActorRef<never> | Supervisor): void {
  mortal(ref).kill();
}

/** Resolves to the reason when an actor or a supervisor, and everything below it, has ended. May be called after the end. */
export async function exited(ref: ActorRef<never> | Supervisor): Promise<ExitReason> {
  return mortal(ref).exited;
}

function mortal(ref: unknown): Cell {
  const place = cellOf('ref', ref);
  if (place.kind === 'actor' || place.kind === 'supervisor') return place;
  throw new TypeError('ref must be an ActorRef or a Supervisor');
}
