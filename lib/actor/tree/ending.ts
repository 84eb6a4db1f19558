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

/** Calls `told` when an actor and everything below it has ended, within the same turn; now if it has. It must not throw. */
export function whenExited(ref: ActorRef<never>, told: (reason: ExitReason) => void): void {
  mortal(ref).watch(told);
}

function mortal(ref: unknown): Cell {
  const place = cellOf('ref', ref);
  if (place.kind === 'actor' || place.kind === 'supervisor') return place;
  throw new TypeError('ref must be an ActorRef or a Supervisor');
}
