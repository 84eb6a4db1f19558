import { isThenable, safeThrown } from '../../base/index.js';
import type { ChildRef, ExitReason } from '../contract.js';
import { Cell, printed, shutDown, stoppedError } from '../tree/cell.js';
import { Handle } from '../tree/handle.js';
import { Scope } from '../tree/scope.js';
import type { Child } from './child.js';
import { PendingStart } from './pending-start.js';

/** Starts the children of one supervisor, one at a time, each below its own scope. */
export class ChildStarter {
  readonly #supervisor: Cell;
  readonly #onEnd: ChildWatcher;
  /** For children that callers want terminated, how many callers wait. */
  readonly #unwanted = new Map<string, number>();
  /** Children whose start was given up because a caller wants them terminated. */
  readonly #brokenOff = new Set<string>();
  #pending: PendingStart | undefined;
  #isHurried = false;

  constructor(supervisor: Cell, onEnd: ChildWatcher) {
    this.#supervisor = supervisor;
    this.#onEnd = onEnd;
  }

  /** The supervisor must stop, or is dead. From now on a start gets only as long as its child would get to end. */
  hurry(): void {
    this.#isHurried = true;
    this.#pending?.hurry();
  }

  /**
   * A caller wants the child terminated and waits its turn. From now on a start of that child gets only as long as the child would get to
   * end.
   */
  unwanted(childId: string): void {
    this.#unwanted.set(childId, (this.#unwanted.get(childId) ?? 0) + 1);
    if (this.#pending?.childId === childId) this.#pending.hurry();
  }

  /** It is that caller's turn. Returns whether a start of the child was given up meanwhile. */
  breaksOff(childId: string): boolean {
    const left = (this.#unwanted.get(childId) ?? 1) - 1;
    if (left > 0) this.#unwanted.set(childId, left);
    else this.#unwanted.delete(childId);
    const isBrokenOff = this.#brokenOff.has(childId);
    if (left <= 0) this.#brokenOff.delete(childId);
    return isBrokenOff;
  }

  /** Calls the child's `start` and registers the result. Rejects only if the supervisor is killed meanwhile. */
  async start(child: Child): Promise<Started> {
    const scope = new Scope(this.#supervisor);
    try {
      const started = child.start(scope.handle);
      const given = isThenable(started) ? await this.#given(child, scope, started) : started;
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
      place.ownGrace = child.shutdown;
      child.runs({ ref: given as ChildRef, place, scope });
      place.watch((reason) => this.#onEnd(child, place, reason));
      return { type: 'started' };
    } catch (cause) {
      if (this.#supervisor.isOver) throw cause;
      await shutDown(scope, 'infinity');
      return { type: 'failed', cause: safeThrown(cause) };
    }
  }

  async #given(child: Child, scope: Scope, started: PromiseLike<unknown>): Promise<unknown> {
    const places = {
      supervisor: this.#supervisor,
      childId: child.id,
      shutdown: child.shutdown,
      endSpawned: async () => shutDown(scope, 'infinity'),
    };
    const pending = new PendingStart(places, started, (late) => this.#endStray(late));
    this.#pending = pending;
    if (this.#isHurried || this.#unwanted.has(child.id)) pending.hurry();
    try {
      return await pending.given;
    } finally {
      this.#pending = undefined;
      // What it started meanwhile had its time as well.
      if (pending.isGivenUp) {
        scope.kill();
        if (this.#unwanted.has(child.id)) this.#brokenOff.add(child.id);
      }
    }
  }

  /** Ends a child that was started too late. */
  #endStray(given: unknown): void {
    const target = Handle.targetOf(given);
    if (target instanceof Cell && !this.#supervisor.isWithin(target)) target.kill();
  }

  #supervisable(given: unknown): Cell {
    const target = Handle.targetOf(given);
    if (!(target instanceof Cell && (target.kind === 'actor' || target.kind === 'supervisor'))) {
      throw new TypeError(`start must return an ActorRef, a Supervisor or 'ignore', not ${printed(given)}`);
    }
    if (this.#supervisor.isWithin(target)) throw new TypeError('start must not return the supervisor itself, or an ancestor of it');
    return target;
  }
}

/** The outcome of a start. A failed start has left nothing behind. */
export type Started = { readonly type: 'started' | 'ignored' } | { readonly type: 'failed'; readonly cause: unknown };

/** Called once when a started child has ended, within the same turn. */
export type ChildWatcher = (child: Child, place: Cell, reason: ExitReason) => void;
