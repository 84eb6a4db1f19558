import { isError } from '../../base/index.js';
import type { ActorContext, ActorRef, ExitReason } from '../contract.js';
import { type Cell, stoppedError } from '../tree/cell.js';
import { askFor, unheard } from './ask.js';
import { tell } from './tell.js';

/** What stands behind a context. */
export interface ContextOwner extends Cell {
  readonly handle: ActorRef<unknown>;
  readonly signal: AbortSignal;
  leave(reason: ExitReason): void;
  spawn: ActorContext<unknown>['spawn'];
}

/**
 * What a handler may do: everything goes through the fence of its actor, so that a handler which goes on after its actor was killed has no
 * effect any more. Its functions may be taken out of it. A class, because V8 gives an object literal with a getter a hidden class of its
 * own, which lives in the old generation and keeps there whatever the getter sees: an actor and all that it holds on to would outlive every
 * young collection.
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

/** The context that the handler and the hooks of an actor are given. */
export const openContext = (place: ContextOwner): ActorContext<unknown> => new Context(place);
