import { connect, type Socket } from 'node:net';
import type { Clock } from '../base/index.js';
import type { LinkConditions } from '../peer/index.js';
import { Flow } from './flow.js';

/** The longest head of a request that opens a WebSocket, bytes. */
const LONGEST_HEAD_BYTES = 8192;

/** One connection through a proxy: two sockets, and a flow each way. */
export class Tunnel {
  readonly #options: ProxyOptions & { readonly over: () => void };
  readonly #dialled: Socket;
  readonly #flows: Flow[] = [];
  /** What the dialler has sent before it is identified. */
  #head: Buffer[] = [];
  #isKnown = false;
  #dialler: string | undefined;
  #port: number | undefined;
  #node: Socket | undefined;
  #isOver = false;

  constructor(dialled: Socket, options: ProxyOptions & { readonly over: () => void }) {
    this.#options = options;
    this.#dialled = dialled;
    dialled.on('error', () => this.#broke(0));
    dialled.on('close', () => this.#closed());
    dialled.on('data', this.#heard);
    dialled.on('end', this.#gaveUp);
  }

  /** The dialler's name as it gives it; `undefined` before that, and for a dialler that gives none. */
  get dialler(): string | undefined {
    return this.#dialler;
  }

  /** Sets the port where the node listens. */
  target(port: number): void {
    this.#port ??= port;
    this.pump();
  }

  /** Passes on what may pass. */
  pump(): void {
    this.#open();
    for (const flow of [...this.#flows]) flow.pump();
  }

  /** Resets both ends. */
  reset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const flow of this.#flows) flow.close();
    for (const socket of [this.#dialled, this.#node]) {
      if (!socket || socket.destroyed) continue;
      // Node 20 leaks a socket that is reset while its end is being sent, and spins for ever when the process exits (`uv_tcp_close_reset`
      // refuses).
      if (socket.connecting || socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#options.over();
  }

  readonly #heard = (chunk: Buffer): void => {
    this.#head.push(chunk);
    if (this.#isKnown) return;
    const head = Buffer.concat(this.#head);
    if (!head.includes('\r\n\r\n') && head.length < LONGEST_HEAD_BYTES) return;
    this.#dialler = nameIn(head.toString('latin1'));
    this.#isKnown = true;
    this.pump();
  };

  /** A dialler that gives up before the node was dialled leaves no trace. */
  readonly #gaveUp = (): void => this.reset();

  /** Connects to the node as soon as the dialler is known and the link does not stall. */
  #open(): void {
    if (this.#node || !this.#isKnown || this.#port === undefined || this.#isOver || this.#options.conditions(this.#dialler).stall) return;
    const node = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#node = node;
    node.on('error', () => this.#broke(1));
    node.on('close', () => this.#closed());
    const { clock } = this.#options;
    const parts = { clock, conditions: () => this.#options.conditions(this.#dialler), reset: () => this.reset() };
    const there = new Flow(this.#dialled, node, parts);
    this.#dialled.off('data', this.#heard).off('end', this.#gaveUp);
    this.#flows.push(there, new Flow(node, this.#dialled, parts));
    for (const chunk of this.#head) there.push(chunk);
    this.#head = [];
  }

  /** One end is broken: the other is notified when the link allows it. */
  #broke(end: 0 | 1): void {
    const flow = this.#flows[end];
    if (flow) flow.push('reset');
    else this.reset();
  }

  #closed(): void {
    if (this.#isOver || !this.#dialled.destroyed || this.#node?.destroyed === false) return;
    this.#isOver = true;
    for (const flow of this.#flows) flow.close();
    this.#options.over();
  }
}

function nameIn(head: string): string | undefined {
  const [, encoded] = /^handoff-node:[ \t]*([^\s]+)/im.exec(head) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The options of a proxy. */
export interface ProxyOptions {
  readonly clock: Clock;
  /** Returns the present conditions of the link with the dialler; without a name it is no node of the cluster. */
  readonly conditions: (dialler: string | undefined) => LinkConditions;
}
