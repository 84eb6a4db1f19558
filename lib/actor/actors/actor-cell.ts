import { isThenable, safeThrown, type Timer, textOf } from '../../base/index.js';
import type { ActorContext, ActorRef, ExitReason, Handler } from '../contract.js';
import type { Mailbox, Receiver } from '../nact.js';
import { asError, Cell, stoppedError, WORKER_GRACE_MS } from '../tree/cell.js';
import { deadline } from '../tree/deadline.js';
import { Reference } from '../tree/handle.js';
import { type ActorOptions, checkActor } from './actor-options.js';
import { openContext } from './context.js';

/** Spawns an actor under a cell: see `spawnActor`. */
export async function spawnUnder(
  parent: Cell,
  handler: Handler<unknown, unknown>,
  options: ActorOptions<unknown>,
): Promise<ActorRef<unknown>> {
  checkActor(handler, options);
  const place = new ActorCell(parent, handler, options);
  const starting = place.start(options.init);
  if (starting) await starting;
  return place.handle;
}

/** The same for an actor without an `init`. */
export function spawnUnderNow(parent: Cell, handler: Handler<unknown, unknown>, options: { name?: string }): ActorRef<unknown> {
  checkActor(handler, options);
  const place = new ActorCell(parent, handler, options);
  place.start(undefined);
  return place.handle;
}

/**
 * One incarnation of an actor. It handles messages strictly one after another, in the order of arrival. An error thrown by its handler ends
 * it.
 *
 * When it ends, its children end first. Then `onTerminate` runs, with the state as of the last message that was handled completely.
 */
export class ActorCell extends Cell implements Receiver {
  readonly grace = WORKER_GRACE_MS;
  readonly handle: ActorRef<unknown>;
  #handler: Handler<unknown, unknown> | undefined;
  #onTerminate: ActorOptions<unknown>['onTerminate'];
  #state: unknown;
  #mailbox: Mailbox | undefined;
  #context: ActorContext<unknown> | undefined;
  #aborter: AbortController | undefined;
  /** The reason to end with, once the current message is done. */
  #leaving: ExitReason | undefined;
  /** Whether it ends by itself, and its handler has not finished. */
  #isLeaving = false;
  /** Ends the actor although its own code has not finished. */
  #limiting: Timer | undefined;
  #isBusy = false;
  /** Whether its handler has been called and has not returned. */
  #isInHandler = false;
  #isShut = false;

  constructor(parent: Cell, handler: Handler<unknown, unknown>, { name, onTerminate }: ActorOptions<unknown>) {
    super(parent.system, parent, 'actor', name);
    this.handle = new Reference(this, this.id);
    this.#handler = handler;
    this.#onTerminate = onTerminate;
  }

  /** Created on first access: most actors never use it. */
  get signal(): AbortSignal {
    if (!this.#aborter) {
      this.#aborter = new AbortController();
      if (this.#leaving !== undefined || this.phase === 'closing' || this.isOver) this.#abort();
    }
    return this.#aborter.signal;
  }

  /**
   * Makes the first state and opens the mailbox. Throws or rejects with what `init` threw, or with `HANDOFF_STOPPED` if the actor is ended
   * meanwhile. Returns `undefined` if there is no `init`, and the actor runs.
   */
  start(init: ActorOptions<unknown>['init']): Promise<void> | undefined {
    if (init) return this.#initialize(init);
    this.#begin();
    return undefined;
  }

  async #initialize(init: NonNullable<ActorOptions<unknown>['init']>): Promise<void> {
    this.#isBusy = true;
    try {
      const made = init();
      this.#state = isThenable(made) ? await this.#unlessOver(made) : made;
    } catch (error) {
      if (this.isOver) throw stoppedError(`Cannot start "${this.name}"`, this);
      this.end(asError(error));
      throw safeThrown(error);
    }
    this.#isBusy = false;
    this.#begin();
  }

  #begin(): void {
    if (this.phase === 'starting' && !this.isOver) {
      this.phase = 'running';
      this.#mailbox = this.system.open(this, this.name);
      return;
    }
    const stopped = stoppedError(`Cannot start "${this.name}"`, this);
    this.#leaveIfIdle();
    throw stopped;
  }

  spawn<S, N>(handler: Handler<S, N>, options: ActorOptions<S> = {}): Promise<ActorRef<N>> {
    return spawnUnder(this, handler as Handler<unknown, unknown>, options as ActorOptions<unknown>);
  }

  post(message: unknown): boolean {
    if (this.phase !== 'running' || this.#isShut) {
      this.system.deadLetter(this.id);
      return false;
    }
    this.#mailbox!.post(message);
    return true;
  }

  receive(message: unknown): Promise<void> | undefined {
    if (this.phase !== 'running' || this.#isShut) return undefined;
    this.#isBusy = true;
    this.#context ??= openContext(this);
    try {
      // Not called as a method: `this` would expose the cell.
      const handler = this.#handler!;
      this.#isInHandler = true;
      const next = handler(this.#state, message, this.#context);
      this.#isInHandler = false;
      if (isThenable(next)) {
        if (this.#isLeaving && !this.isOver) this.#limit('handler');
        return this.#settle(next);
      }
      this.#done(next);
    } catch (error) {
      this.#isInHandler = false;
      this.#failed(error);
    }
    return undefined;
  }

  stop(reason: ExitReason): void {
    if (this.#leaving !== undefined || this.phase === 'closing' || this.isOver) return;
    this.#leaving = reason;
    this.phase = 'stopping';
    this.#abort();
    this.#leaveIfIdle();
  }

  /** Like `stop`, called by the actor itself. */
  leave(reason: ExitReason): void {
    this.stop(reason);
    if (this.phase !== 'stopping' || !this.#isBusy) return;
    this.#isLeaving = true;
    // A handler that ends within its turn needs no limit.
    if (!this.#isInHandler) this.#limit('handler');
  }

  override close(): void {
    this.#isShut = true;
    this.closeChildren();
  }

  protected onFence(): void {
    this.#limiting?.cancel();
    this.#mailbox?.close();
    this.#abort();
  }

  protected override releaseReferences(): void {
    this.#mailbox = undefined;
    this.#context = undefined;
    this.#state = undefined;
    this.#handler = undefined;
    this.#onTerminate = undefined;
  }

  async #settle(pending: PromiseLike<unknown>): Promise<void> {
    try {
      this.#done(await pending);
    } catch (error) {
      this.#failed(error);
    }
  }

  #done(next: unknown): void {
    this.#isBusy = false;
    if (this.isOver) return;
    this.#state = next;
    this.#leaveIfIdle();
  }

  #failed(error: unknown): void {
    this.#isBusy = false;
    if (this.isOver) return;
    // Also when it was asked to stop: its supervisor must know that it failed.
    this.#leaving = asError(error);
    this.#leaveIfIdle();
  }

  #leaveIfIdle(): void {
    if (this.#leaving === undefined || this.#isBusy || this.isOver || this.phase === 'closing') return;
    this.phase = 'closing';
    this.#limiting?.cancel();
    this.#abort();
    const reason = this.#leaving;
    const ending = this.endChildren();
    if (ending) void ending.then(() => this.#terminate(reason));
    else this.#terminate(reason);
  }

  #terminate(reason: ExitReason): void {
    if (this.isOver) return;
    try {
      const onTerminate = this.#onTerminate;
      const pending = onTerminate?.(this.#state, reason);
      if (!isThenable(pending)) return this.end(reason);
      this.#limit('onTerminate');
      pending.then(
        () => this.end(reason),
        (error: unknown) => this.#couldNotTerminate(error, reason),
      );
    } catch (error) {
      this.#couldNotTerminate(error, reason);
    }
  }

  /** Limits the time of an actor that ends by itself. No supervisor limits it, and an actor that never ended would not be restarted. */
  #limit(what: 'handler' | 'onTerminate'): void {
    this.#limiting?.cancel();
    const { ownGrace } = this;
    if (ownGrace === 'infinity') return;
    const graceMs = typeof ownGrace === 'number' && ownGrace > 0 ? ownGrace : WORKER_GRACE_MS;
    this.#limiting = deadline(this.clock, graceMs, () => {
      this.logger.error({ actor: this.id, what }, `Gave up an actor that was ending: its ${what} took over ${graceMs} ms`);
      this.end(this.#leaving!);
    });
  }

  #couldNotTerminate(error: unknown, reason: ExitReason): void {
    this.logger.error({ actor: this.id, error: textOf(error) }, 'An onTerminate failed');
    this.end(reason);
  }

  #abort(): void {
    this.#aborter?.abort(stoppedError(`Cannot go on in "${this.name}"`, this));
  }

  /**
   * Resolves to what `made` resolves to, unless the actor is killed first. A caller that waits for the start must not wait for an `init`
   * that never ends.
   */
  async #unlessOver(made: PromiseLike<unknown>): Promise<unknown> {
    let abandon!: () => void;
    const over = new Promise<never>((_resolve, reject) => {
      abandon = () => reject(stoppedError(`Cannot start "${this.name}"`, this));
    });
    this.watch(abandon);
    try {
      return await Promise.race([made, over]);
    } finally {
      this.unwatch(abandon);
    }
  }
}
