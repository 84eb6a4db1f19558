import { type Clock, HandoffError, PassingMap, type Timer } from '../base/index.js';
import type { WireMessage } from './protocol/messages.js';

interface Open {
  readonly to: string;
  readonly message: WireMessage;
  readonly requester: Requester<never>;
  timer: Timer | undefined;
}

/**
 * Unanswered requests to peers. Each is asked again whenever the link to its node comes up. It fails when that node is gone, and with
 * `HANDOFF_TIMEOUT` (`node`) when its limit is over. So each ends. A request may arrive twice, and its answer too; the second answer is
 * dropped.
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

  /** The number of unanswered requests. */
  get size(): number {
    return this.#open.size;
  }

  /** Sends a request. `make` makes the message that carries the id. Returns a function that gives the request up. */
  request<T>(to: string, make: (id: number) => WireMessage, requester: Requester<T>, limit: RequestLimit): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    const message = make(id);
    const open: Open = { to, message, requester, timer: undefined };
    this.#open.set(id, open);
    const closed = this.#closed;
    // Fails later, once the caller has what this returns.
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

  /** Like `request`, as a promise. */
  ask<T>(to: string, make: (id: number) => WireMessage, limit: RequestLimit): Promise<T> {
    return new Promise((resolve, reject) => void this.request<T>(to, make, { answered: resolve, failed: reject }, limit));
  }

  /** Whether a question of that type to that node is open. An answer to anything else is dropped. */
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

  /** Called for a new link. Messages on the former one may be lost. */
  linkUp(name: string): void {
    for (const [id, open] of [...this.#open]) if (open.to === name) this.#ask(id, open);
  }

  /** Called when the node is gone. */
  gone(name: string, error: Error): void {
    for (const [id, { to }] of [...this.#open]) if (to === name) this.failed(name, id, error);
  }

  /** Throws once this node has ended. */
  refuse(): void {
    if (this.#closed) throw this.#closed;
  }

  /** Called when this node ends. Later requests fail at once. */
  close(error: Error): void {
    this.#closed = error;
    for (const [id, { to }] of [...this.#open]) this.failed(to, id, error);
  }

  /** A message that cannot be sent fails, but only once the caller has what `request` returns. */
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

/** Receives the outcome of a request. */
export interface Requester<T> {
  answered(value: T): void;
  failed(error: Error): void;
}

/** The limit of a request. Every request has one. */
export interface RequestLimit {
  /** How long the answer, or its first bytes, may take, ms. `Infinity` if only the end of the node limits it. */
  readonly withinMs: number;
  /** The question, for the error's message: `Node "b" has not answered within 5000 ms: asked for …`. */
  readonly what: string;
  /**
   * Returns a number that grows while the answer is arriving. The request goes on as long as it grows within each `silenceMs`. The default
   * is no progress.
   */
  readonly progress?: () => number;
  /** The longest silence while an answer is arriving, ms. The default is `withinMs`. */
  readonly silenceMs?: number;
}
