import type { ActorGroup, ExitReason, GroupRef } from '../../actor/index.js';
import { HandoffError, isError } from '../../base/index.js';
import type { AttemptHandle, RemoteOutcome, StartBudget } from '../../executor/index.js';

/**
 * Spawns the actor of one running function. It starts the attempt, waits for its end and ends with it: `normal`, or with the function's own
 * error. Every further attempt gets a new incarnation.
 *
 * It starts now if the budget allows, or if no budget is given (remote attempts run no user code here). Otherwise it is queued.
 */
export function runAttempt(group: ActorGroup, name: string, part: FunctionPart, turn: StartBudget | undefined): GroupRef {
  let isOver = false;
  const end = (self: GroupRef, outcome: RemoteOutcome): void => {
    isOver = true;
    part.ended(outcome);
    if (outcome.type === 'succeeded' || outcome.type === 'kept') self.stop('normal');
    else if (outcome.type !== 'failed') self.stop('shutdown');
    else self.stop(isError(outcome.error) ? outcome.error : new Error('the function threw', { cause: outcome.error }));
  };
  const member = group.spawn<'start'>(
    name,
    (_start, self) => {
      let handle: AttemptHandle<RemoteOutcome>;
      try {
        handle = part.start();
      } catch (error) {
        if (!HandoffError.is(error)) throw error;
        return end(self, { type: 'failed', error, final: true });
      }
      handle.listen((outcome) => {
        if (self.alive) end(self, outcome);
      });
    },
    (reason) => {
      if (!isOver && reason !== 'shutdown') part.orphaned(reason);
    },
  );
  if (turn) turn.take(() => member.hear('start'));
  else member.hear('start');
  return member;
}

/** The work of a function actor, and its callbacks. */
export interface FunctionPart {
  /** Starts the attempt, here or on another node, or returns the one that another actor has started. */
  start(): AttemptHandle<RemoteOutcome>;
  /** Called once with the outcome of the attempt, before the actor ends. */
  ended(outcome: RemoteOutcome): void;
  /** The actor ended before its attempt: it was killed, or threw. */
  orphaned(reason: ExitReason): void;
}
