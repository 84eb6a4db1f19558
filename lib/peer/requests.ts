import { type Clock, HandoffError, PassingMap, type Timer } from '../base/index.js';
import type { WireMessage } from './protocol/messages.js';

/** Who hears what came of a request. */
export interface Requester<T> {
  answered(value: T): void;
  failed(error: Error): void;
}

/** How long a request may take. Every request has one. */
export interface RequestLimit {
  /** How long the answer may take, or the first sign that it is on its way, ms. `Infinity` for what only the end of the node limits. */
  readonly withinMs: number;
  /** What is asked, for the message of the error: `Node "b" has not answered within 5000 ms: asked for …`. */
  readonly what: string;
  /**
   * What grows while the answer is on its way. As long as it does so at least once in `silenceMs`, the request goes on. Default: nothing.
   */
  readonly progress?: () => number;
  /** Default `withinMs`. */
  readonly silenceMs?: number;
}

interface Open {
  readonly to: string;
  readonly message: WireMessage;
  readonly requester: Requester<never>;
  timer: Timer | undefined;
}

/**
 * Requests to peers that have not been answered. Each is asked again whenever the link to its node comes up. It fails when that node is
 * gone, and with `HANDOFF_TIMEOUT` (`node`) when its limit is over. So each ends. A request may arrive twice, and its answer too; the
 * second answer is dropped.
 */
export class Requests {
  readonly #send: (to: string, message: WireMessage) => boolean;
  readonly #clock: Clock;
  readonly #open = new PassingMap<number, Open>();
  #lastId = 0;
  #closed: Error | undefined;

  constructor(send: (to: string, message: WireMessage) => boolean, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** How many have not been answered. */
  get size(): number {
    return this.#open.size;
  }

  /** `make` makes the message that carries the id. Returns how to give the request up. */
  request<T>(to: string, make: (id: number) => WireMessage, requester: Requester<T>, limit: RequestLimit): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    const message = make(id);
    const open: Open = { to, message, requester, timer: undefined };
    this.#open.set(id, open);
    const closed = this.#closed;
    // Not before the caller knows that it has asked.
    if (closed) queueMicrotask(() => this.failed(to, id, closed));
    else {
      this.#ask(id, open);
      if (limit.withinMs !== Number.POSITIVE_INFINITY) this.#limit(id, open, limit, limit.withinMs);
    }
    return () => {
      open.timer?.cancel();
      this.#open.delete(id);
    };
  }

  /** As `request`. */
  ask<T>(to: string, make: (id: number) => WireMessage, limit: RequestLimit): Promise<T> {
    return new Promise((resolve, reject) => void this.request<T>(to, make, { answered: resolve, failed: reject }, limit));
  }

  /** Whether that node was asked that, by a message of that type, and has not answered: an answer to anything else is none. */
  isOpen(from: string, id: number, type: WireMessage['type']): boolean {
    const open = this.#open.get(id);
    return open !== undefined && open.to === from && open.message.type === type;
  }

  answered(from: string, id: number, value: unknown): void {
    (this.#take(from, id) as Requester<unknown> | undefined)?.answered(value);
  }

  failed(from: string, id: number, error: Error): void {
    this.#take(from, id)?.failed(error);
  }

  /** There is a new link: what was under way on the one before may be lost. */
  linkUp(name: string): void {
    for (const [id, open] of [...this.#open]) if (open.to === name) this.#ask(id, open);
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

  /** What cannot be sent fails, but not before the caller knows that it has asked. */
  #ask(id: number, { to, message }: Open): void {
    try {
      this.#send(to, message);
    } catch (error) {
      queueMicrotask(() => this.failed(to, id, error as Error));
    }
  }

  #limit(id: number, open: Open, limit: RequestLimit, waitMs: number): void {
    const { what, progress, silenceMs = limit.withinMs } = limit;
    const before = progress?.();
    open.timer = this.#clock.after(waitMs, () => {
      if (progress && progress() !== before) return this.#limit(id, open, limit, silenceMs);
      const message = `Node "${open.to}" has not answered within ${waitMs} ms: asked ${what}`;
      return this.failed(open.to, id, new HandoffError('HANDOFF_TIMEOUT', message, { node: open.to }));
    });
  }

  #take(from: string, id: number): Requester<never> | undefined {
    const open = this.#open.get(id);
    if (open?.to !== from) return undefined;
    open.timer?.cancel();
    this.#open.delete(id);
    return open.requester;
  }
}
