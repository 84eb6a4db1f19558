import { randomUUID } from 'node:crypto';
import { dispatch, Nobody, type Ref, spawn, start, stop } from 'nact';
// @ts-expect-error nact types its index only; liveness of a reference is to be had nowhere else.
import systemMap from 'nact/lib/system-map.js';
import { type Clock, guardedLogger, type Logger, textOf } from '../base/index.js';

/** nact's own reference, for actors that are not ours. */
export type { Ref as NactRef } from 'nact';

/** What nact delivers to. `receive` handles one message; the next waits for the promise, if there is one. It is to throw nothing. */
export interface Receiver {
  receive(message: unknown): Promise<void> | undefined;
}

/** One nact actor. */
export interface Mailbox {
  /** Queues a message; dropped without a word once closed. */
  post(message: unknown): void;
  /** Ends the nact actor: nothing that is queued is delivered any more. */
  close(): void;
}

type NactActor = { readonly dispatch?: (message: unknown, sender: unknown) => void } | undefined;
const liveActor: (systemName: unknown, reference: unknown) => NactActor = systemMap.find;

/** Its types leave the sender out. */
const send = dispatch as (reference: Ref<unknown>, message: unknown, sender: unknown) => void;

/** One for all: nact would make one per message. */
const nobody = new Nobody();

/** nact's default prints the message on standard output. Never reached, as nothing of ours throws into nact. */
const stopOnCrash = (_message: unknown, _error: unknown, context: { readonly stop: symbol }): symbol => context.stop;

/** nact allows few characters in names. Not reversible: names are for people, the number behind them is what is unique. */
const encoded = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, (char) => `$${char.charCodeAt(0).toString(16)}`).slice(0, 80);

/**
 * nact, tamed: the only file that knows it. One nact system per actor system, whose root gets no messages itself, and every actor directly
 * under it, for nact copies the map of children at each message to their parent. nact is mailbox and scheduler; the tree, the exits, the
 * fences and the questions are ours. It never sees a fault, and never one name twice.
 */
export class NactSystem {
  /** Messages to actors that had ended. */
  deadLetters = 0;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #root: Ref<never>;
  readonly #desks: Ref<unknown>[] = [];
  #count = 0;

  constructor(name: string, clock: Clock, logger: Logger) {
    this.name = name;
    this.clock = clock;
    this.logger = guardedLogger(logger);
    // The second nact system of one name takes over the first one's actors; there may be several of ours, and several copies of us.
    // Its types know a name as a string, which it ignores.
    this.#root = start({ name: `${encoded(name)}!${randomUUID()}` } as never);
  }

  /** A nact actor for `receiver`. `name` is for people. */
  open(receiver: Receiver, name = ''): Mailbox {
    return new NactMailbox(this, receiver, name === '' ? this.nextName() : `${encoded(name)}!${this.nextName()}`);
  }

  /** A name that no other actor of this ground has or had. */
  nextName(): string {
    return (++this.#count).toString(36);
  }

  /** The bare nact actor, for those who cannot afford a `Mailbox`: `handle(state, message)` must not throw and must return the state. */
  spawn<S>(handle: (state: S, message: unknown) => S, state: S, nactName: string): Ref<unknown> {
    return spawn(this.#root, handle as never, nactName, { initialState: state, onCrash: stopOnCrash } as never) as Ref<unknown>;
  }

  /** A plain nact reference for actors that are not ours; lives until it or the ground is closed. What `receive` throws is logged. */
  openPlainActor(name: string, receive: (message: unknown) => void): Ref<unknown> {
    const hear = (state: undefined, message: unknown): undefined => {
      try {
        receive(message);
      } catch (error) {
        this.logger.error({ desk: name, error: textOf(error) }, 'A desk could not receive a message');
      }
      return state;
    };
    const desk = this.spawn(hear, undefined, `${encoded(name)}!${this.nextName()}`);
    this.#desks.push(desk);
    return desk;
  }

  /** Reports a message that nobody will read; its contents are not logged. */
  deadLetter(to: string): void {
    this.deadLetters += 1;
    this.logger.debug({ to, deadLetters: this.deadLetters }, 'Dropped a message: its actor has ended');
  }

  /** After every actor of ours has ended. */
  close(): void {
    for (const desk of this.#desks.reverse()) close(desk);
    stop(this.#root);
  }
}

/** The state of a nact actor: nact keeps it when the actor has ended, and some time longer. What it receives for is let go at once. */
class NactMailbox implements Mailbox {
  readonly #reference: Ref<unknown>;
  #receiver: Receiver | undefined;

  constructor(ground: NactSystem, receiver: Receiver, nactName: string) {
    this.#receiver = receiver;
    this.#reference = ground.spawn(deliver as never, this, nactName);
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

/** Queues a message at a nact actor of ours; nothing happens if it has ended. */
export function post(reference: Ref<unknown>, message: unknown): void {
  send(reference, message, nobody);
}

/** Ends a nact actor of ours; nothing happens if it has ended. */
export function close(reference: Ref<unknown>): void {
  stop(reference);
}

/**
 * Sends a message to somebody else's nact actor, or to what nact's `query` gives as a sender. False for anything that is not a live
 * reference of our copy of nact. Never throws.
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
