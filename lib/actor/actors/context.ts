import { isError } from '../../base/index.js';
import type { ActorContext, ActorRef, ExitReason } from '../contract.js';
import { type Cell, stoppedError } from '../tree/cell.js';
import { askFor, unheard } from './ask.js';
import { tell } from './tell.js';

/**
 * The operations of a handler. All go through the actor's fence, so a handler that goes on after its actor was killed has no effect. Its
 * functions may be destructured.
 *
 * This is a class because V8 gives an object literal with a getter a hidden class of its own. That class lives in the old generation and
 * retains what the getter sees: an actor, and all that it refers to, would outlive every young collection.
 */
class Context implements ActorContext<unknown> {
  readonly self: ActorRef<unknown>;
  readonly tell: ActorContext<unknown>['tell'];
  readonly ask: ActorContext<unknown>['ask'];
  readonly spawn: ActorContext<unknown>['spawn'];
  readonly stop: ActorContext<unknown>['stop'];
  readonly #place: ContextOwner;

  constructor(place: ContextOwner) {
    this.#place = place;
    this.self = place.handle;
    this.tell = (ref, message) => !place.isOver && tell(ref, message);
    this.ask = (ref, request, timeoutMs) =>
      place.isOver ? unheard(Promise.reject(stoppedError('Cannot ask', place))) : askFor(ref, request, timeoutMs, place);
    this.spawn = (handler, options) =>
      place.isOver ? unheard(Promise.reject(stoppedError('Cannot spawn', place))) : place.spawn(handler, options);
    this.stop = (reason: ExitReason = 'normal') => {
      if (place.isOver) throw stoppedError('Cannot stop', place);
      if (reason !== 'normal' && reason !== 'shutdown' && !isError(reason)) {
        throw new TypeError("reason must be 'normal', 'shutdown' or an Error");
      }
      place.leave(reason);
    };
  }

  get signal(): AbortSignal {
    return this.#place.signal;
  }
}

/** Returns the context that the handler and the hooks of an actor receive. */
export const openContext = (place: ContextOwner): ActorContext<unknown> => new Context(place);

/** The actor behind a context. */
export interface ContextOwner extends Cell {
  readonly handle: ActorRef<unknown>;
  readonly signal: AbortSignal;
  leave(reason: ExitReason): void;
  spawn: ActorContext<unknown>['spawn'];
}
