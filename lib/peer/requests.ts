import { PassingMap } from '../base/index.js';
import type { WireMessage } from './messages.js';

/** Who hears what came of a request. */
export interface Requester<T> {
  answered(value: T): void;
  failed(error: Error): void;
}

interface Open {
  readonly to: string;
  readonly message: WireMessage;
  readonly requester: Requester<never>;
}

/**
 * Requests to peers that have not been answered. Each is asked again whenever the link to its node comes up, and fails when that node is gone: so
 * each ends, provided that it goes to a member. A request may arrive twice, and its answer too; the second answer is dropped.
 */
export class Requests {
  readonly #send: (to: string, message: WireMessage) => boolean;
  readonly #open = new PassingMap<number, Open>();
  #lastId = 0;
  #closed: Error | undefined;

  constructor(send: (to: string, message: WireMessage) => boolean) {
    this.#send = send;
  }

  /** How many have not been answered. */
  get size(): number {
    return this.#open.size;
  }

  /** `make` makes the message that carries the id. Answers how to give the request up. */
  request<T>(to: string, make: (id: number) => WireMessage, requester: Requester<T>): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    const message = make(id);
    this.#open.set(id, { to, message, requester });
    const closed = this.#closed;
    // Not before the caller knows that it has asked.
    if (closed) queueMicrotask(() => this.failed(to, id, closed));
    else this.#send(to, message);
    return () => void this.#open.delete(id);
  }

  /** As `request`. */
  ask<T>(to: string, make: (id: number) => WireMessage): Promise<T> {
    return new Promise((resolve, reject) => void this.request<T>(to, make, { answered: resolve, failed: reject }));
  }

  answered(from: string, id: number, value: unknown): void {
    (this.#take(from, id) as Requester<unknown> | undefined)?.answered(value);
  }

  failed(from: string, id: number, error: Error): void {
    this.#take(from, id)?.failed(error);
  }

  /** There is a new link: what was under way on the one before may be lost. */
  linkUp(name: string): void {
    for (const { to, message } of this.#open.values()) if (to === name) this.#send(to, message);
  }

  /** The node is gone. */
  gone(name: string, error: Error): void {
    for (const [id, { to }] of [...this.#open]) if (to === name) this.failed(name, id, error);
  }

  /** This node is: what is asked from now on fails at once. */
  close(error: Error): void {
    this.#closed = error;
    for (const [id, { to }] of [...this.#open]) this.failed(to, id, error);
  }

  #take(from: string, id: number): Requester<never> | undefined {
    const open = this.#open.get(id);
    if (open?.to !== from) return undefined;
    this.#open.delete(id);
    return open.requester;
  }
}
