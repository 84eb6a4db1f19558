import type { Clock, Timer } from '../../base/index.js';
import {
  type Closing,
  type Defer,
  type Listening,
  type ListenOptions,
  lengthOf,
  MAX_FRAME_BYTES,
  MAX_UNPROVED_BYTES,
  nextTurn,
  type Socket,
  type SocketEvents,
  type Transport,
} from '../transport.js';

/** The scheme of URLs in memory. */
const SCHEME = 'memory';

/** How long frames sent before a close have to leave, ms. */
const LONGEST_LINGER_MS = 1000;

const PERFECT: LinkConditions = {};

interface Frame {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly dueMs: number;
}

/** One direction of a connection. */
interface Pipe {
  readonly frames: Frame[];
  bytes: number;
  carriedBytes: number;
  lastDueMs: number;
  isPumping: boolean;
}

const emptyPipe = (): Pipe => ({ frames: [], bytes: 0, carriedBytes: 0, lastDueMs: 0, isPumping: false });

class MemorySocket implements Socket {
  readonly exporter = undefined;
  readonly node: string;
  readonly #network: MemoryNetwork;
  /** Frames that this side has sent and the other has not received. */
  readonly #pipe = emptyPipe();
  #events: SocketEvents | undefined;
  #unheard: SocketEvents | undefined;
  #other: MemorySocket | undefined;
  #isOpen = false;
  #isClosing = false;
  #isOver = false;
  #isAdmitted = false;
  #receivedBytes = 0;
  #lingering: Timer | undefined;
  /** The timer of the first frame's arrival. */
  #arrival: Timer | undefined;

  constructor(node: string, network: MemoryNetwork) {
    this.node = node;
    this.#network = network;
  }

  get bufferedBytes(): number {
    return this.#pipe.bytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes + (this.#other?.comingBytes ?? 0);
  }

  /** How much of the first frame in transit has arrived already: a line carries it bit by bit. */
  get comingBytes(): number {
    const first = this.#pipe.frames[0];
    if (!first) return 0;
    const { stall, bytesPerSecond } = this.#conditions();
    if (stall || bytesPerSecond === undefined) return 0;
    const leftMs = Math.max(0, first.dueMs - this.#network.clock.now());
    return Math.max(0, first.bytes - Math.ceil((leftMs * bytesPerSecond) / 1000));
  }

  get other(): MemorySocket | undefined {
    return this.#other;
  }

  attach(events: SocketEvents): void {
    this.#events = events;
    if (this.#other) this.#network.defer(() => this.opened());
  }

  connect(other: MemorySocket): void {
    this.#other = other;
  }

  opened(): void {
    if (this.#isOpen || this.#isOver) return;
    this.#isOpen = true;
    this.#events?.opened();
    this.#other?.pump();
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.#isClosing || this.#isOver) return;
    const bytes = lengthOf(parts);
    const { delayMs = 0, bytesPerSecond } = this.#conditions();
    const nowMs = this.#network.clock.now();
    const lineMs = bytesPerSecond === undefined ? 0 : (bytes * 1000) / bytesPerSecond;
    this.#pipe.lastDueMs = Math.max(this.#pipe.lastDueMs, nowMs + delayMs) + lineMs;
    this.#pipe.frames.push({ parts, bytes, dueMs: this.#pipe.lastDueMs });
    this.#pipe.bytes += bytes;
    this.pump();
  }

  admit(): void {
    this.#isAdmitted = true;
  }

  close(abrupt = false): void {
    const unheard = this.#unheard;
    this.#unheard = undefined;
    unheard?.closed({ reason: 'local', text: 'closed' });
    if (this.#isOver || this.#isClosing) return;
    if (abrupt || !this.#other || this.#pipe.frames.length === 0) return this.#end();
    this.#isClosing = true;
    this.#lingering = this.#network.clock.after(LONGEST_LINGER_MS, () => this.#end());
  }

  /** The connection is reset: both ends are notified, and frames in transit are lost. */
  reset(text: string): void {
    this.over({ reason: 'closed', text });
    this.#other?.over({ reason: 'closed', text });
  }

  /** This side vanishes silently, and receives nothing but the end of its own close. The other side sees a reset. */
  vanish(): void {
    if (!this.#isClosing) {
      this.#unheard = this.#events;
      this.#events = undefined;
    }
    this.reset('connection reset');
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Delivers due frames in order, at the earliest a turn after they were sent. */
  pump(): void {
    const pipe = this.#pipe;
    const first = pipe.frames[0];
    if (pipe.isPumping || !first || this.#isOver || !this.#other?.isOpen || this.#conditions().stall) return;
    pipe.isPumping = true;
    const waitMs = first.dueMs - this.#network.clock.now();
    const arrive = (): void => {
      pipe.isPumping = false;
      this.#arrive();
    };
    if (waitMs > 0) this.#arrival = this.#network.clock.after(waitMs, arrive);
    else this.#network.defer(arrive);
  }

  #arrive(): void {
    const pipe = this.#pipe;
    while (!this.#isOver && pipe.frames.length > 0 && !this.#conditions().stall) {
      if (pipe.frames[0]!.dueMs > this.#network.clock.now()) break;
      const frame = pipe.frames.shift()!;
      pipe.bytes -= frame.bytes;
      pipe.carriedBytes += frame.bytes;
      if (pipe.carriedBytes > (this.#conditions().resetAfterBytes ?? Number.POSITIVE_INFINITY)) return this.reset('connection reset');
      this.#other?.receive(frame);
    }
    if (this.#isClosing && pipe.frames.length === 0) this.#end();
    else this.pump();
  }

  receive({ parts, bytes }: Frame): void {
    if (this.#isOver) return;
    this.#receivedBytes += bytes;
    if (bytes > MAX_FRAME_BYTES || (!this.#isAdmitted && this.#receivedBytes > MAX_UNPROVED_BYTES)) return this.reset('frame too long');
    if (this.#events) this.#network.observe?.(this.#other?.node ?? '', this.node, parts);
    this.#events?.frame(parts.map((part) => new Uint8Array(part)));
  }

  #conditions(): LinkConditions {
    return this.#other ? this.#network.conditions(this.node, this.#other.node) : PERFECT;
  }

  #end(): void {
    this.over({ reason: 'local', text: 'closed here' });
    const other = this.#other;
    if (other && !other.#isOver) this.#network.defer(() => other.over({ reason: 'closed', text: 'closed by the other side' }));
  }

  /** Reports the end. */
  over(closing: Closing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lingering?.cancel();
    this.#arrival?.cancel();
    this.#pipe.frames.length = 0;
    this.#pipe.bytes = 0;
    this.#network.forget(this);
    this.#events?.closed(closing);
  }
}

/**
 * A network within one process. It is ordered and reliable until a connection is reset, as TCP is, and nothing arrives within the turn in
 * which it was sent. Conditions can be set per pair of nodes at any time. Addresses are `host:port`, URLs `memory://host:port`; host names
 * have no meaning.
 */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly defer: Defer;
  readonly observe: FrameObserver | undefined;
  readonly #listeners = new Map<string, { readonly node: string; readonly accept: (socket: Socket) => void }>();
  readonly #sockets = new Set<MemorySocket>();
  readonly #conditions = new Map<string, LinkConditions>();
  /** Dials that a stalled network holds up. */
  readonly #waiting = new Map<MemorySocket, () => void>();
  /** The port that was last given to a node, by its name and host. */
  readonly #ports = new Map<string, number>();
  #lastPort = 0;

  /** `observe` is called with each frame that arrives, before its receiver. */
  constructor(options: { clock: Clock; defer?: Defer; observe?: FrameObserver }) {
    this.clock = options.clock;
    this.observe = options.observe;
    this.defer = options.defer ?? nextTurn;
  }

  /** Returns the transport of one node. The name is for `set`, `reset` and `kill` only. */
  transport(node: string): Transport {
    return {
      schemes: [SCHEME],
      listen: (address, options) => this.#listen(node, address, options),
      dial: (url) => this.#dial(node, url),
    };
  }

  /** Sets the conditions between two nodes from now on; `{}` means no faults. */
  set(a: string, b: string, conditions: LinkConditions): void {
    this.#conditions.set(pair(a, b), conditions);
    for (const socket of [...this.#sockets]) socket.pump();
    for (const connect of [...this.#waiting.values()]) connect();
  }

  conditions(a: string, b: string): LinkConditions {
    return (this.#conditions.size > 0 && this.#conditions.get(pair(a, b))) || PERFECT;
  }

  /** The number of open connections. */
  get connections(): number {
    return [...this.#sockets].filter(({ isOpen }) => isOpen).length / 2;
  }

  /** Resets every connection between two nodes. */
  reset(a: string, b: string): void {
    for (const socket of [...this.#sockets]) if (socket.node === a && socket.other?.node === b) socket.reset('connection reset');
  }

  /** Kills the process of a node: its listeners refuse, its connections are reset, it receives nothing. */
  kill(node: string): void {
    for (const [url, listener] of [...this.#listeners]) if (listener.node === node) this.#listeners.delete(url);
    for (const socket of [...this.#sockets]) if (socket.node === node) socket.vanish();
  }

  forget(socket: MemorySocket): void {
    this.#sockets.delete(socket);
    this.#waiting.delete(socket);
  }

  async #listen(node: string, address: string, { accept }: ListenOptions): Promise<Listening> {
    const { host, port } = /^(?<host>.*):(?<port>\d+)$/.exec(address)?.groups ?? {};
    if (host === undefined || port === undefined) throw new TypeError(`Cannot listen at "${address}": it must be host:port`);
    const url = port === '0' ? this.#freeUrl(node, host) : `${SCHEME}://${host}:${port}`;
    if (this.#listeners.has(url)) throw new Error(`Cannot listen at "${address}": it is taken`);
    const listener = { node, accept };
    this.#listeners.set(url, listener);
    return {
      url,
      // Not the listener of a successor.
      close: async () => {
        if (this.#listeners.get(url) === listener) this.#listeners.delete(url);
      },
    };
  }

  /** Returns the former URL of the node if it is free: a node that was cut off knows no other. */
  #freeUrl(node: string, host: string): string {
    const place = `${node} ${host}`;
    const urlAt = (port: number | undefined): string => `${SCHEME}://${host}:${port}`;
    const former = this.#ports.get(place);
    if (former === undefined || this.#listeners.has(urlAt(former))) this.#ports.set(place, ++this.#lastPort);
    return urlAt(this.#ports.get(place));
  }

  #dial(node: string, url: string): Socket {
    const socket = new MemorySocket(node, this);
    this.#sockets.add(socket);
    const connect = (): void => {
      if (!this.#sockets.has(socket)) return;
      const listener = this.#listeners.get(url);
      if (!url.startsWith(`${SCHEME}://`)) return socket.over({ reason: 'failed', text: `no ${SCHEME}:// URL: ${url}` });
      if (!listener) return socket.over({ reason: 'refused', text: 'connection refused' });
      if (this.conditions(node, listener.node).stall) return void this.#waiting.set(socket, connect);
      this.#waiting.delete(socket);
      const accepted = new MemorySocket(listener.node, this);
      this.#sockets.add(accepted);
      socket.connect(accepted);
      accepted.connect(socket);
      listener.accept(accepted);
      socket.opened();
    };
    this.defer(connect);
    return socket;
  }
}

const pair = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

/** The faults of the way between two nodes, in both directions. */
export interface LinkConditions {
  /**
   * How long each frame is in transit, ms. By default it arrives in the next turn.
   * @default 0
   */
  readonly delayMs?: number;
  /** The bandwidth, bytes a second. The default is no limit. */
  readonly bytesPerSecond?: number;
  /** Nothing arrives and nothing is lost: frames arrive once it is over. A network that is cut looks the same. */
  readonly stall?: boolean;
  /** Resets each connection once it has carried this many bytes in one direction. */
  readonly resetAfterBytes?: number;
}

/** Called with each frame, its sender and its receiver. */
export type FrameObserver = (from: string, to: string, parts: readonly Uint8Array[]) => void;
