import type { Child } from './child.js';
import type { ChildRef, ExitReason } from './contract.js';
import { Handle } from './handle.js';
import { PendingStart } from './pending-start.js';
import { isThenable, Place, printed, shutDown, stoppedError } from './place.js';
import { Scope } from './scope.js';

/** How a start went. What failed has left nothing behind. */
export type Started = { readonly type: 'started' | 'ignored' } | { readonly type: 'failed'; readonly cause: unknown };

/** Hears once that a child that was started has ended, within the turn in which it did. */
export type ChildWatcher = (child: Child, place: Place, reason: ExitReason) => void;

/** Starts the children of one supervisor, one at a time, each below a scope of its own. */
export class ChildStarter {
  readonly #supervisor: Place;
  readonly #onEnd: ChildWatcher;
  #pending: PendingStart | undefined;
  #isHurried = false;

  constructor(supervisor: Place, onEnd: ChildWatcher) {
    this.#supervisor = supervisor;
    this.#onEnd = onEnd;
  }

  /** The supervisor is to stop, or is dead: starts get no longer than their children would be given to end. */
  hurry(): void {
    this.#isHurried = true;
    this.#pending?.hurry();
  }

  /** Calls the child's `start` and takes what it gives. Rejects only when the supervisor is killed meanwhile. */
  async start(child: Child): Promise<Started> {
    const scope = new Scope(this.#supervisor);
    try {
      const given = await this.#given(child, scope);
      if (this.#supervisor.isOver) {
        this.#endStray(given);
        throw stoppedError(`Cannot start under "${this.#supervisor.name}"`, this.#supervisor);
      }
      if (given === 'ignore') {
        await shutDown(scope, 'infinity');
        child.rests('stopped');
        return { type: 'ignored' };
      }
      const place = this.#supervisable(given);
      child.runs({ ref: given as ChildRef, place, scope });
      place.watch((reason) => this.#onEnd(child, place, reason));
      return { type: 'started' };
    } catch (cause) {
      if (this.#supervisor.isOver) throw cause;
      await shutDown(scope, 'infinity');
      return { type: 'failed', cause };
    }
  }

  async #given(child: Child, scope: Scope): Promise<unknown> {
    const given = child.start(scope.handle);
    if (!isThenable(given)) return given;
    const pending = new PendingStart(this.#supervisor, child.shutdown, given, (late) => this.#endStray(late));
    this.#pending = pending;
    if (this.#isHurried) pending.hurry();
    try {
      return await pending.given;
    } finally {
      this.#pending = undefined;
      // What it started meanwhile had its time as well.
      if (pending.isGivenUp) scope.kill();
    }
  }

  /** Something that was started too late to be a child. */
  #endStray(given: unknown): void {
    const target = Handle.targetOf(given);
    if (target instanceof Place && !this.#supervisor.isWithin(target)) target.kill();
  }

  #supervisable(given: unknown): Place {
    const target = Handle.targetOf(given);
    if (!(target instanceof Place && (target.kind === 'actor' || target.kind === 'supervisor'))) {
      throw new TypeError(`start must give an ActorRef, a Supervisor or 'ignore', not ${printed(given)}`);
    }
    if (this.#supervisor.isWithin(target)) throw new TypeError('start must not give the supervisor itself, or what it stands under');
    return target;
  }
}
