import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type ProxyOptions, Tunnel } from './tunnel.js';

/** A TCP proxy in front of a node, which others dial. It applies the faults of links to the connections. */
export class NodeProxy {
  readonly #options: ProxyOptions;
  readonly #tunnels = new Set<Tunnel>();
  #server: Server | undefined;
  /** The port where it listens, or did. */
  #port = 0;
  #target: number | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** The URL that others dial. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Accepts connections, at the former port unless another process has it now. They wait for `target`. */
  async listen(): Promise<void> {
    try {
      await this.#listen(this.#port);
    } catch (error) {
      if (this.#port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await this.#listen(0);
    }
  }

  /** Sets the URL where the node listens. */
  target(url: string): void {
    this.#target = Number(new URL(url).port);
    for (const tunnel of this.#tunnels) tunnel.target(this.#target);
  }

  /** The faults of the links have changed. */
  changed(): void {
    for (const tunnel of [...this.#tunnels]) tunnel.pump();
  }

  /** Resets the connections of one dialler. */
  reset(dialler: string): void {
    for (const tunnel of [...this.#tunnels]) if (tunnel.dialler === dialler) tunnel.reset();
  }

  /** The node is dead: its address refuses, its connections are reset. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#target = undefined;
    for (const tunnel of [...this.#tunnels]) tunnel.reset();
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(server, socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #accept(server: Server, socket: Socket): void {
    const tunnel: Tunnel = new Tunnel(socket, { ...this.#options, over: () => this.#tunnels.delete(tunnel) });
    this.#tunnels.add(tunnel);
    // The system accepted it before the proxy was closed.
    if (server !== this.#server) tunnel.reset();
    else if (this.#target !== undefined) tunnel.target(this.#target);
  }
}
