import { randomUUID } from 'node:crypto';
import { dispatch, Nobody, type Ref, spawn, start, stop } from 'nact';
// @ts-expect-error nact types its index only, and only this file knows whether a reference is alive.
import systemMap from 'nact/lib/system-map.js';
import { type Clock, guardedLogger, type Logger, textOf } from '../base/index.js';

/** nact's own reference, for actors that are not ours. */
export type { Ref as NactRef } from 'nact';

type NactActor = { readonly dispatch?: (message: unknown, sender: unknown) => void } | undefined;
const liveActor: (systemName: unknown, reference: unknown) => NactActor = systemMap.find;

/** nact's types leave out the sender. */
const send = dispatch as (reference: Ref<unknown>, message: unknown, sender: unknown) => void;

/** One sender for all messages: nact would make one per message. */
const nobody = new Nobody();

/** nact's default prints the message on standard output. Never reached, as our code throws nothing into nact. */
const stopOnCrash = (_message: unknown, _error: unknown, context: { readonly stop: symbol }): symbol => context.stop;

/** nact allows few characters in names. Not reversible: names are for people, the number that follows makes them unique. */
const encoded = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, (char) => `$${char.charCodeAt(0).toString(16)}`).slice(0, 80);

/**
 * nact, tamed: the only file that imports it. Each actor system has one nact system. Every actor is directly under its root, which receives
 * no messages, because nact copies the map of children at each message to their parent.
 *
 * nact is the mailbox and the scheduler. The tree, the exits, the fences and the questions are ours. nact never sees a fault, and never the
 * same name twice.
 */
export class NactSystem {
  /** Messages to actors that had ended. */
  deadLetters = 0;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #root: Ref<never>;
  readonly #plainActors: Ref<unknown>[] = [];
  #count = 0;

  constructor(name: string, clock: Clock, logger: Logger) {
    this.name = name;
    this.clock = clock;
    this.logger = guardedLogger(logger);
    // A nact system takes over the actors of an earlier one with the same name. There may be several systems of ours, and several copies of
    // this package. nact ignores this name, though its types ask for a string.
    this.#root = start({ name: `${encoded(name)}!${randomUUID()}` } as never);
  }

  /** Opens a nact actor for `receiver`. `name` is for people. */
  open(receiver: Receiver, name = ''): Mailbox {
    return new NactMailbox(this, receiver, name === '' ? this.nextName() : `${encoded(name)}!${this.nextName()}`);
  }

  /** Returns a name that no other actor of this system has or had. */
  nextName(): string {
    return (++this.#count).toString(36);
  }

  /**
   * Spawns a bare nact actor, for callers that cannot afford a `Mailbox`. `handle(state, message)` must not throw and must return the
   * state.
   */
  spawn<S>(handle: (state: S, message: unknown) => S, state: S, nactName: string): Ref<unknown> {
    return spawn(this.#root, handle as never, nactName, { initialState: state, onCrash: stopOnCrash } as never) as Ref<unknown>;
  }

  /**
   * Opens a plain nact reference for actors that are not ours. It lives until it or the system is closed. What `receive` throws is logged.
   */
  openPlainActor(name: string, receive: (message: unknown) => void): Ref<unknown> {
    const hear = (state: undefined, message: unknown): undefined => {
      try {
        receive(message);
      } catch (error) {
        this.logger.error({ actor: name, error: textOf(error) }, 'A plain actor failed to receive a message');
      }
      return state;
    };
    const actor = this.spawn(hear, undefined, `${encoded(name)}!${this.nextName()}`);
    this.#plainActors.push(actor);
    return actor;
  }

  /** Reports a message that no actor will read. Its contents are not logged. */
  deadLetter(to: string): void {
    this.deadLetters += 1;
    this.logger.debug({ to, deadLetters: this.deadLetters }, 'Dropped a message: its actor has ended');
  }

  /** Called after every actor of ours has ended. */
  close(): void {
    for (const actor of this.#plainActors.reverse()) close(actor);
    stop(this.#root);
  }
}

/** The state of a nact actor. nact retains it for some time after the actor has ended, so the receiver is released at once. */
class NactMailbox implements Mailbox {
  readonly #reference: Ref<unknown>;
  #receiver: Receiver | undefined;

  constructor(system: NactSystem, receiver: Receiver, nactName: string) {
    this.#receiver = receiver;
    this.#reference = system.spawn(deliver as never, this, nactName);
  }

  post(message: unknown): void {
    post(this.#reference, message);
  }

  close(): void {
    stop(this.#reference);
    this.#receiver = undefined;
  }

  deliver(message: unknown): Promise<void> | undefined {
    return this.#receiver?.receive(message);
  }
}

function deliver(mailbox: NactMailbox, message: unknown): NactMailbox | Promise<NactMailbox> {
  const pending = mailbox.deliver(message);
  return pending === undefined ? mailbox : pending.then(() => mailbox);
}

/** Queues a message for a nact actor of ours. Does nothing if it has ended. */
export function post(reference: Ref<unknown>, message: unknown): void {
  send(reference, message, nobody);
}

/** Ends a nact actor of ours. Does nothing if it has ended. */
export function close(reference: Ref<unknown>): void {
  stop(reference);
}

/**
 * Sends a message to another's nact actor, or to the sender that nact's `query` passes. Returns false unless it is a live reference of our
 * copy of nact. Never throws.
 */
export function tellNact(ref: unknown, message: unknown): boolean {
  try {
    const actor = liveActor((ref as { readonly system: { readonly name: unknown } }).system.name, ref);
    if (typeof actor?.dispatch !== 'function') return false;
    actor.dispatch(message, nobody);
    return true;
  } catch {
    return false;
  }
}

/**
 * The receiver of nact's messages. `receive` handles one message; if it returns a promise, the next message waits for it. It must not
 * throw.
 */
export interface Receiver {
  receive(message: unknown): Promise<void> | undefined;
}

/** One nact actor. */
export interface Mailbox {
  /** Queues a message. Silently dropped once the mailbox is closed. */
  post(message: unknown): void;
  /** Ends the nact actor. Queued messages are not delivered. */
  close(): void;
}
