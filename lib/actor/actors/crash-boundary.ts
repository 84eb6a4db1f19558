import type { ActorRef, Parent } from '../contract.js';
import { spawnActor } from './spawn-actor.js';

/** A bug in the code that a crash boundary represents. */
export interface CrashReport {
  readonly type: 'crash';
  readonly error: unknown;
}

/**
 * Starts an actor that represents code outside of actors, in the turn of a socket or a thread. It ends with the first error that is
 * reported to it. So a bug there is logged, counted and judged by its supervisor, where it would otherwise end the process. It owns
 * nothing.
 */
export const startCrashBoundary = (parent: Parent, name: string): Promise<ActorRef<CrashReport>> =>
  spawnActor<CrashReport>(
    parent,
    (_state, message) => {
      if (message.type === 'crash') throw message.error;
      return undefined;
    },
    { name },
  );
