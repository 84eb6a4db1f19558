import { askFor, unheard } from './ask.js';
import type { ActorContext, ActorRef, ExitReason } from './contract.js';
import { type Place, stoppedError } from './place.js';
import { tell } from './tell.js';

/** What stands behind a context. */
export interface ContextPlace extends Place {
  readonly handle: ActorRef<unknown>;
  readonly signal: AbortSignal;
  spawn: ActorContext<unknown>['spawn'];
}

/**
 * What a handler may do: everything goes through the fence of its actor, so that a handler which goes on after its actor was killed has no
 * effect any more. Its functions may be taken out of it.
 */
export function openContext(place: ContextPlace): ActorContext<unknown> {
  return {
    self: place.handle,
    get signal() {
      return place.signal;
    },
    tell: (ref, message) => !place.isOver && tell(ref, message),
    ask: (ref, request, timeoutMs) =>
      place.isOver ? unheard(Promise.reject(stoppedError('Cannot ask', place))) : askFor(ref, request, timeoutMs, place),
    spawn: (handler, options) =>
      place.isOver ? unheard(Promise.reject(stoppedError('Cannot spawn', place))) : place.spawn(handler, options),
    stop(reason: ExitReason = 'normal') {
      if (place.isOver) throw stoppedError('Cannot stop', place);
      if (reason !== 'normal' && reason !== 'shutdown' && !isError(reason)) {
        throw new TypeError("reason must be 'normal', 'shutdown' or an Error");
      }
      place.stop(reason);
    },
  };
}

const isError = (value: unknown): boolean => value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
