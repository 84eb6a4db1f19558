import type { Defer, Listening, ListenOptions, Socket, SocketEvents, Transport } from '../peer/index.js';

/**
 * The transport of a node that can be killed. From `sever` on nothing of the node reaches other nodes, and what is left of it finds nobody.
 */
export class SeverableTransport implements Transport {
  readonly #inner: Transport;
  readonly #defer: Defer;
  readonly #listening: (url: string) => void;
  readonly #sockets = new Set<SeverableSocket>();
  readonly schemes: readonly string[];
  #isSevered = false;

  /** `listening` is called with the URL of the node before any other node can know it. */
  constructor(inner: Transport, defer: Defer, listening: (url: string) => void = () => {}) {
    this.#inner = inner;
    this.schemes = inner.schemes;
    this.#defer = defer;
    this.#listening = listening;
  }

  async listen(address: string, options: ListenOptions): Promise<Listening> {
    const accept = (socket: Socket): void => {
      if (this.#isSevered) socket.close(true);
      else options.accept(this.#wrapped(socket));
    };
    const { url, close } = await this.#inner.listen(address, { ...options, accept });
    this.#listening(url);
    return { url, close };
  }

  dial(url: string): Socket {
    return this.#isSevered ? new RefusedSocket(this.#defer) : this.#wrapped(this.#inner.dial(url));
  }

  sever(): void {
    this.#isSevered = true;
    for (const socket of [...this.#sockets]) socket.sever();
  }

  #wrapped(socket: Socket): Socket {
    const wrapped: SeverableSocket = new SeverableSocket(socket, () => this.#sockets.delete(wrapped));
    this.#sockets.add(wrapped);
    return wrapped;
  }
}

class SeverableSocket implements Socket {
  readonly #inner: Socket;
  readonly #over: () => void;
  #events: SocketEvents | undefined;
  #isOver = false;

  constructor(inner: Socket, over: () => void) {
    this.#inner = inner;
    this.#over = over;
  }

  get bufferedBytes(): number {
    return this.#isOver ? 0 : this.#inner.bufferedBytes;
  }

  get receivedBytes(): number {
    return this.#inner.receivedBytes;
  }

  get exporter(): Uint8Array | undefined {
    return this.#inner.exporter;
  }

  attach(events: SocketEvents): void {
    this.#events = events;
    this.#inner.attach({
      opened: () => this.#events?.opened(),
      frame: (parts) => this.#events?.frame(parts),
      closed: (closing) => this.#ended(() => this.#events?.closed(closing)),
    });
  }

  send(parts: readonly Uint8Array[]): void {
    if (!this.#isOver) this.#inner.send(parts);
  }

  admit(): void {
    this.#inner.admit();
  }

  close(abrupt?: boolean): void {
    if (!this.#isOver) this.#inner.close(abrupt);
  }

  sever(): void {
    const inner = this.#inner;
    this.#ended(() => this.#events?.closed({ reason: 'closed', text: 'connection reset' }));
    inner.close(true);
  }

  #ended(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
    tell();
    this.#events = undefined;
  }
}

/** A connection that is refused. */
class RefusedSocket implements Socket {
  readonly bufferedBytes = 0;
  readonly receivedBytes = 0;
  readonly exporter = undefined;
  readonly #defer: Defer;
  #events: SocketEvents | undefined;

  constructor(defer: Defer) {
    this.#defer = defer;
  }

  attach(events: SocketEvents): void {
    this.#events = events;
    this.#defer(() => this.#closed('refused'));
  }

  send(): void {}

  admit(): void {}

  close(): void {
    this.#closed('local');
  }

  #closed(reason: 'refused' | 'local'): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed({ reason, text: 'the node has been killed' });
  }
}
