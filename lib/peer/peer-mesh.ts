import { type Clock, HandoffError, keepAlive, type Logger, peerAddress, textOf } from '../base/index.js';
import type { AwayBytes } from '../value/index.js';
import { DialGate } from './links/dial-gate.js';
import { IncomingBudget } from './links/inbox.js';
import { joinAny, joinError } from './links/join-error.js';
import { describeEnd, Link, type LinkOver } from './links/link.js';
import { dialFault, downCause } from './links/link-causes.js';
import type { LinkRole, PeerIdentity, Prover } from './links/link-state.js';
import { cookieProver } from './links/proof.js';
import { QuietLog } from './links/quiet-log.js';
import { Redial } from './links/redial.js';
import { restOf } from './links/rest.js';
import type { DownCause, PeerListener } from './peer-listener.js';
import { encodeMessage, type WrongMessage } from './protocol/codec.js';
import type { RefusalReason, WireMessage } from './protocol/messages.js';
import { PROTOCOL } from './protocol/protocol-version.js';
import { inItsPlace } from './protocol/too-long.js';
import { type Defer, type Listening, nextTurn, type Socket, type Transport, together } from './transport.js';

const GREETING_MS = 3000;
const MAX_INCOMING_BYTES = 4 * 1024 ** 3;
const SHORTEST_COOKIE = 16;

/** At most this many lines a minute report refused nodes and invalid messages. */
const STRANGE_LINES = 10;

const TURNED_AWAY = {
  crowd: 'cut off the oldest of too many connections that had not proved themselves',
  browser: 'refused a browser',
  fault: 'cannot accept a connection',
} as const;

/** Called when a dialled link ends. */
type Dialled = (end: LinkOver) => void;

/** The table behind the PeerHub actor: this node's links, one for each peer. It outlives the actor, so a crash breaks no link. */
export class PeerMesh {
  readonly #options: PeerMeshOptions;
  readonly #prover: Prover;
  readonly #defer: Defer;
  readonly #budget: IncomingBudget;
  readonly #up = new Map<string, Link>();
  /** Every link whose connection is not closed. */
  readonly #all = new Set<Link>();
  readonly #dialled = new Map<Link, { readonly up: () => void; readonly over: Dialled }>();
  readonly #kept = new Map<string, Redial>();
  readonly #leaving = new Set<Link>();
  readonly #listening: Listening[] = [];
  readonly #quietLog: QuietLog;
  readonly #gate = new DialGate();
  #listener: PeerListener | undefined;
  #address: string | undefined;
  #isClosed = false;

  constructor(options: PeerMeshOptions) {
    const { cookie } = options;
    if (cookie !== undefined && cookie.length < SHORTEST_COOKIE) {
      throw new TypeError(`The cookie must have at least ${SHORTEST_COOKIE} characters: a shorter one can be guessed from one greeting`);
    }
    this.#options = options;
    this.#prover = cookieProver(cookie);
    this.#quietLog = new QuietLog(options.logger, options.clock);
    this.#defer = together(options.defer ?? nextTurn);
    this.#budget = new IncomingBudget(options.maxIncomingBytes ?? MAX_INCOMING_BYTES);
  }

  /** Sets the listener; replaces the previous one. */
  attach(listener: PeerListener): void {
    this.#listener = listener;
  }

  /** The identity with which this node greets. Its address is set once it listens. */
  get self(): PeerIdentity {
    const { name, incarnation, isObserver = false } = this.#options;
    return { name, incarnation, address: this.#address, isObserver };
  }

  /** The peers with a link. */
  get peers(): readonly PeerIdentity[] {
    return [...this.#up.values()].map((link) => link.peer!);
  }

  /**
   * Listens at `host:port`. `advertise` is the URL that other nodes are told; the default is where it listens. Rejects as the transport
   * does: with a `TypeError` for a wrong address, or for one beyond this machine without a cookie; with the system's error if the address
   * is in use.
   */
  async listen(address: string, advertise?: string): Promise<Listening> {
    this.#refuseClosed();
    const { transport, cookie } = this.#options;
    const listening = await transport.listen(address, {
      isProtected: cookie !== undefined,
      accept: (socket) => this.#accept(socket),
      turnedAway: (why, from) => this.#quietLog.warn({ from }, TURNED_AWAY[why], 1),
    });
    if (this.#isClosed) await listening.close();
    this.#refuseClosed();
    this.#listening.push(listening);
    this.#address = peerAddress(advertise ?? listening.url, transport.schemes);
    return listening;
  }

  /**
   * Dials once; if the URL's host is a name with several addresses, it dials all and takes the first answer. Resolves to the peer as soon
   * as there is a link, which may be an older one.
   *
   * Rejects with `HANDOFF_JOIN_REFUSED` (`reason`, `node`) or `HANDOFF_PROTOCOL_MISMATCH`, which are final, with `HANDOFF_STOPPED`, or with
   * another error if it may be tried again.
   */
  async join(url: string): Promise<PeerIdentity> {
    this.#refuseClosed();
    const addresses = this.#options.transport.addressesOf?.(url);
    if (!addresses) return this.#joinAt(url, undefined);
    let found: readonly string[];
    try {
      found = await addresses;
    } catch (error) {
      throw new Error(`its addresses cannot be found: ${textOf(error)}`, { cause: error });
    }
    return joinAny(found, (at) => this.#joinAt(url, at));
  }

  #joinAt(url: string, at: string | undefined): Promise<PeerIdentity> {
    return new Promise<PeerIdentity>((resolve, reject) => {
      this.#refuseClosed();
      const alive = keepAlive();
      const link = this.#dial(url, undefined, at, {
        up: () => {
          alive.cancel();
          resolve(link.peer!);
        },
        over: (end) => {
          alive.cancel();
          const other = end.type === 'refused' && end.reason === 'linked' && end.peer ? this.#up.get(end.peer.name) : undefined;
          if (other) resolve(other.peer!);
          else {
            const { name, cookie } = this.#options;
            reject(joinError(url, end, { name, isStopped: this.#isClosed, hasCookie: cookie !== undefined }));
          }
        },
      });
    });
  }

  /**
   * Dials `name` now, and redials with backoff (50 ms to 2 s) whenever there is no link to it, until `forget`. A call with another address
   * replaces the address. `teller` is the node that reported it, if no node has been met there: such dials are few, with rests up to 30 s.
   */
  keep(name: string, address: string, teller?: string): void {
    const before = this.#kept.get(name);
    if (this.#isClosed || name === this.#options.name || before?.address === address) return;
    before?.stop();
    const { clock, random } = this.#options;
    const redial = new Redial({
      address,
      clock,
      random,
      hearsay: teller === undefined ? undefined : { teller, gate: this.#gate },
      dial: (failed) => this.#dialKept(name, address, failed),
    });
    if (before) redial.follow(before);
    this.#kept.set(name, redial);
    if (!this.#up.has(name)) redial.begin();
  }

  /** Stops dialling `name`. An existing link stays. */
  forget(name: string): void {
    this.#kept.get(name)?.stop();
    this.#kept.delete(name);
  }

  /** Closes the link to `name` at once, if there is one. Kept peers are still dialled. */
  drop(name: string): void {
    this.#up.get(name)?.close(true);
  }

  /** Returns how many bytes have come over the link to `name`, including an incomplete frame; 0 without a link. */
  receivedBytes(name: string): number {
    return this.#up.get(name)?.heardBytes ?? 0;
  }

  /**
   * Sends in the next turn, in one frame with everything else for this peer; a message that `mayRest` leaves about a millisecond later,
   * unless another one takes it along. Messages arrive in order, or the link goes down. Returns false without a link.
   */
  send(to: string, message: WireMessage, mayRest = false): boolean {
    const link = this.#up.get(to);
    if (link) for (const encoded of this.#encoded(message)) link.push(encoded, mayRest ? 'time' : restOf(message));
    return link !== undefined;
  }

  /** Sends to every peer with a link. The message is encoded once. */
  broadcast(message: WireMessage): void {
    if (this.#up.size === 0) return;
    for (const encoded of this.#encoded(message)) for (const link of this.#up.values()) link.push(encoded, restOf(message));
  }

  /** Returns how many bytes of messages wait here until `name` takes what was sent before. */
  waitingBytes(name: string): number {
    return this.#up.get(name)?.waitingBytes ?? 0;
  }

  /** Whether messages or values wait here until `name` takes what was sent before. */
  isBusy(name: string): boolean {
    return this.#up.get(name)?.isBusy ?? false;
  }

  #encoded(message: WireMessage): readonly Uint8Array[] {
    try {
      return [encodeMessage(message)];
    } catch (error) {
      if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
      const instead = inItsPlace(message, error);
      this.#options.logger.warn({ message: message.type, err: error }, 'a message was too long');
      return instead.flatMap((one) => this.#encoded(one));
    }
  }

  /**
   * Sends a value of any size, in pieces, beside the messages. `transferId` is a number from 0 up that no other value in transit to that
   * peer has. Resolves when the peer has the last byte; until then the bytes must not change. What is not in memory is read as it is sent.
   * Rejects if there is no link, the link goes down, or the peer has no room; with `Unreadable` if it cannot be read.
   */
  sendValue(to: string, transferId: number, bytes: readonly Uint8Array[] | AwayBytes): Promise<void> {
    const link = this.#up.get(to);
    return link ? link.sendValue(transferId, bytes) : Promise.reject(new Error(`Cannot send a value to "${to}": there is no link`));
  }

  /** Returns how many bytes of values have come over the link to `from`, if it exists. Grows while a value is on its way. */
  receivedFrom(from: string): number {
    return this.#up.get(from)?.receivedBytes ?? 0;
  }

  /** Returns how many pieces of long data `to` has received over the present link. Grows while it takes a value. */
  deliveredTo(to: string): number {
    return this.#up.get(to)?.delivered ?? 0;
  }

  /**
   * Ends every link after everything sent before, and stops listening and dialling. The listener is not called any more. Resolves when
   * everything is closed.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    for (const redial of this.#kept.values()) redial.stop();
    this.#kept.clear();
    this.#quietLog.close();
    const closing = [...this.#all];
    for (const link of closing) link.close(!link.isUp);
    await Promise.all([...closing.map((link) => link.closed), ...this.#listening.map((listening) => listening.close())]);
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new HandoffError('HANDOFF_STOPPED', `Cannot reach other nodes: node "${this.#options.name}" is stopped`);
  }

  #dial(url: string, expected: string | undefined, at: string | undefined, dialled: { up: () => void; over: Dialled }): Link {
    const link = this.#open('dialler', this.#options.transport.dial(url, at), expected);
    this.#dialled.set(link, dialled);
    return link;
  }

  #dialKept(name: string, address: string, failed: () => void): { cancel(): void } {
    const link = this.#dial(address, name, undefined, {
      up: () => {},
      over: (end) => {
        const isKept = this.#kept.get(name)?.address === address && !this.#up.has(name);
        const fault = dialFault(end);
        failed();
        if (isKept && fault && fault !== 'linked') this.#listener?.notDialled(name, address, fault);
      },
    });
    return { cancel: () => link.close(true) };
  }

  #accept(socket: Socket): void {
    this.#open('acceptor', socket, undefined);
  }

  #open(role: LinkRole, socket: Socket, expected: string | undefined): Link {
    const { clock, greetingMs = GREETING_MS, protocols = { lowest: PROTOCOL, highest: PROTOCOL } } = this.#options;
    const link: Link = new Link({
      ...protocols,
      role,
      socket,
      expected,
      clock,
      defer: this.#defer,
      greetingMs,
      self: this.self,
      schemes: this.#options.transport.schemes,
      prover: this.#prover,
      budget: this.#budget,
      objection: (peer) => this.#objection(peer),
      events: {
        up: (one) => this.#linkUp(one),
        over: (one, end) => this.#linkOver(one, end),
        messages: (one, messages) => this.#messages(one, messages),
        value: (one, transferId, value) => this.#listener?.value(one.peer!.name, transferId, value),
        expects: (one, transferId) => this.#listener?.expects(one.peer!.name, transferId) ?? false,
        memoryFor: (one, ...value) => this.#listener?.memoryFor(one.peer!.name, ...value),
        badFrame: (one, fault) => this.#badFrame(one, fault),
        notUnderstood: (one, wrong) => this.#notUnderstood(one, wrong),
      },
    });
    this.#all.add(link);
    link.closed.then(() => this.#all.delete(link));
    return link;
  }

  #objection(peer: PeerIdentity): RefusalReason | undefined {
    if (this.#isClosed) return 'stopping';
    const other = this.#up.get(peer.name);
    if (!other) return this.#options.objection?.(peer);
    // The dialler believes that there is no link. If its end is gone, this end will notice once something is sent.
    other.probe();
    return other.peer!.incarnation === peer.incarnation ? 'linked' : 'name-taken';
  }

  #linkUp(link: Link): void {
    const peer = link.peer!;
    const other = this.#up.get(peer.name);
    // The side with the last word knows of no other link, so that one is dead. But another incarnation must wait until this node knows that
    // too.
    if (this.#isClosed || (other && other.peer!.incarnation !== peer.incarnation)) return link.close(true);
    if (other) {
      this.#down(other, 'replaced');
      other.close(true);
    }
    this.#up.set(peer.name, link);
    this.#kept.get(peer.name)?.linked();
    this.#options.logger.debug({ peer: peer.name, incarnation: peer.incarnation, dialled: link.isDialled }, 'link up');
    const dialled = this.#dialled.get(link);
    this.#dialled.delete(link);
    this.#listener?.up(peer);
    dialled?.up();
  }

  #linkOver(link: Link, end: LinkOver): void {
    const { peer } = link;
    const code = end.type === 'mismatch' ? { code: 'HANDOFF_PROTOCOL_MISMATCH' } : {};
    const why = { ...code, peer: peer?.name, why: describeEnd(end) };
    const isStrange = end.type === 'mismatch' || (end.type === 'refused' && end.reason === 'cookie');
    if (isStrange) this.#quietLog.warn(why, 'link refused', STRANGE_LINES);
    else if (end.type === 'refused' || end.type === 'silent') this.#options.logger.debug(why, 'link refused');
    if (peer && this.#up.get(peer.name) === link) this.#down(link, downCause(end, this.#leaving.has(link)));
    const dialled = this.#dialled.get(link);
    this.#dialled.delete(link);
    dialled?.over(end);
  }

  #down(link: Link, cause: DownCause): void {
    const peer = link.peer!;
    this.#up.delete(peer.name);
    this.#leaving.delete(link);
    if (cause !== 'replaced') this.#kept.get(peer.name)?.unlinked();
    this.#options.logger.debug({ peer: peer.name, incarnation: peer.incarnation, cause }, 'link down');
    this.#listener?.down(peer, cause);
  }

  #messages(link: Link, messages: readonly WireMessage[]): void {
    if (messages.some(({ type }) => type === 'goodbye')) this.#leaving.add(link);
    this.#listener?.messages(link.peer!.name, messages, () => link.isUp);
  }

  #notUnderstood(link: Link, wrong: WrongMessage): void {
    this.#badFrame(link, wrong.fault);
    this.#listener?.notUnderstood(link.peer!.name, wrong);
  }

  #badFrame(link: Link, fault: string): void {
    this.#quietLog.warn({ code: 'HANDOFF_BAD_MESSAGE', peer: link.peer?.name, fault }, 'dropped an invalid message', STRANGE_LINES);
  }
}

/** The options of a mesh. */
export interface PeerMeshOptions {
  readonly name: string;
  readonly incarnation: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns a number from 0 to 1, as `Math.random` does, for jitter. */
  readonly random: () => number;
  /** The secret of the cluster, at least 16 characters. Without one the node listens on this machine only. */
  readonly cookie?: string;
  /** Whether this node only observes and becomes no member. Default false. */
  readonly isObserver?: boolean;
  /** The protocols that this node speaks. The default is this version's only one. */
  readonly protocols?: { readonly lowest: number; readonly highest: number };
  readonly defer?: Defer;
  /** How long a greeting may take, ms. Default 3000. */
  readonly greetingMs?: number;
  /** The most memory of arriving values, bytes. Those of one link take at most three quarters of it. The default is 4 GiB. */
  readonly maxIncomingBytes?: number;
  /** Returns why the cluster refuses a peer whose greeting is correct. By default it accepts every peer. */
  readonly objection?: (peer: PeerIdentity) => RefusalReason | undefined;
}
