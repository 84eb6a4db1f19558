import { randomBytes } from 'node:crypto';
import { afterAttentive, type Clock, type Timer } from '../../base/index.js';
import { type AwayBytes, countLarge } from '../../value/index.js';
import {
  COUNTED_FRAME_BYTES,
  type Decoded,
  decodeFrame,
  decodePieces,
  greetingFrame,
  MAX_MESSAGE_BYTES,
  refusalFrame,
  type WrongMessage,
} from '../protocol/codec.js';
import type { WireMessage } from '../protocol/messages.js';
import { type Closing, type Defer, lengthOf, type Socket } from '../transport.js';
import { Inbox, type IncomingBudget, type MemoryFor } from './inbox.js';
import {
  type LinkCommand,
  type LinkEnd,
  type LinkEvent,
  type LinkSetup,
  type LinkState,
  newLink,
  type PeerIdentity,
  stepLink,
} from './link-state.js';
import { Outbox } from './outbox.js';
import type { Rest } from './rest.js';

/** One connection to one peer. It feeds the link's brain and performs its commands. Once it is up, it carries messages and values. */
export class Link {
  /** Resolves when its connection is completely closed. */
  readonly closed: Promise<void>;
  readonly #options: LinkOptions;
  readonly #state: LinkState;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  #deadline: Timer | undefined;
  /** Bytes received in acknowledged frames. */
  #receivedBytes = 0;
  /** Chunks, pieces and counted frames received. */
  #chunks = 0;
  /** The pieces of an incomplete message. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #isOver = false;
  #gone: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
    const { socket, clock, defer, budget, greetingMs, events } = options;
    const deadlineMs = clock.now() + greetingMs;
    this.#state = newLink({ ...options, nonce: randomBytes(16), deadlineMs });
    this.#outbox = new Outbox({ socket, clock, defer, stalled: () => this.#end({ type: 'stalled' }, true) });
    this.#inbox = new Inbox({
      budget,
      memoryFor: (...value) => events.memoryFor(this, ...value),
      expects: (...value) => events.expects(this, ...value),
    });
    this.closed = new Promise((resolve) => {
      this.#gone = resolve;
    });
    this.#setDeadline(deadlineMs);
    socket.attach({
      opened: () => this.#step({ type: 'opened', exporter: socket.exporter }),
      frame: (parts) => this.#frame(parts),
      closed: (closing) => {
        this.#over({ type: 'closed', closing });
        this.#gone();
      },
    });
  }

  /** The peer's identity: known once its hello has arrived, proved once the link is up. */
  get peer(): PeerIdentity | undefined {
    return this.#state.peer;
  }

  /** Bytes received in values and other long data. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isUp(): boolean {
    return this.#state.phase === 'up' && !this.#isOver;
  }

  get isDialled(): boolean {
    return this.#options.role === 'dialler';
  }

  /** All bytes received, including those of an incomplete frame. */
  get heardBytes(): number {
    return this.#options.socket.receivedBytes;
  }

  /** Bytes of messages that wait here until the peer takes what was sent before. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** Whether messages or values wait here until the peer takes what was sent before. */
  get isBusy(): boolean {
    return this.#outbox.isBusy;
  }

  /** Chunks, pieces and long frames that the peer has received. */
  get delivered(): number {
    return this.#outbox.delivered;
  }

  /** See `Outbox.push`. */
  push(encoded: Uint8Array, rest: Rest): void {
    this.#outbox.push(encoded, rest);
  }

  sendValue(transferId: number, bytes: readonly Uint8Array[] | AwayBytes): Promise<void> {
    return this.#outbox.sendValue(transferId, bytes);
  }

  /** Provokes an answer of the network. If the other end has vanished, this end learns of it. */
  probe(): void {
    this.#outbox.probe();
  }

  /** Ends the link after everything sent before; `abrupt` ends it at once. */
  close(abrupt = false): void {
    this.#end({ type: 'dropped' }, abrupt);
  }

  #frame(parts: readonly Uint8Array[]): void {
    if (this.#isOver) return;
    const decoded = decodeFrame(parts);
    if (decoded.type === 'greeting') return this.#step({ type: 'greeted', greeting: decoded.greeting });
    if (decoded.type === 'malformed') return this.#bad(decoded.fault);
    if (this.#state.phase !== 'up') return this.#bad('it has not greeted');
    if (decoded.type === 'messages') {
      const bytes = lengthOf(parts);
      if (bytes >= COUNTED_FRAME_BYTES) this.#counted(bytes);
      return this.#messages(decoded);
    }
    if (decoded.type === 'piece') return this.#piece(decoded.isLast, decoded.parts);
    if (decoded.type === 'refusal') return this.#outbox.refused(decoded.transferId);
    if (decoded.type === 'received') return this.#outbox.received(decoded.chunks) ? undefined : this.#bad('more received than was sent');
    return this.#chunk(decoded.transferId, decoded.sizeBytes, decoded.parts);
  }

  #messages({ messages, faults }: Extract<Decoded, { type: 'messages' }>): void {
    const { events } = this.#options;
    events.messages(this, messages);
    for (const wrong of faults) {
      // The requester is notified, so the link need not end.
      const { id, of } = wrong.subject;
      if (id === undefined && of === undefined) this.#bad(wrong.fault);
      else events.notUnderstood(this, wrong);
    }
    // The reactions to this frame are known, so waiting for the end of the turn gains nothing. A peer that asks one question after another
    // would wait each time.
    this.#outbox.flushDue();
  }

  #piece(isLast: boolean, parts: readonly Uint8Array[]): void {
    const bytes = lengthOf(parts);
    this.#counted(bytes);
    this.#pieceBytes += bytes;
    if (this.#pieceBytes > MAX_MESSAGE_BYTES) return this.#step({ type: 'broken-stream', fault: 'a message that is too long' });
    this.#pieces.push(...parts);
    if (!isLast) return;
    const decoded = decodePieces(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (decoded.type === 'messages') this.#messages(decoded);
    else if (decoded.type === 'malformed') this.#bad(decoded.fault);
  }

  /** Counts data that must be acknowledged. */
  #counted(bytes: number): void {
    this.#chunks += 1;
    this.#receivedBytes += bytes;
    countLarge(bytes);
    this.#outbox.tellReceived(this.#chunks);
  }

  #chunk(transferId: number, sizeBytes: number, parts: readonly Uint8Array[]): void {
    const { events, socket } = this.#options;
    const arrival = this.#inbox.chunk(transferId, sizeBytes, parts);
    this.#counted(lengthOf(parts));
    switch (arrival.type) {
      case 'arriving':
        return;
      case 'arrived':
        return events.value(this, transferId, arrival.parts);
      case 'malformed':
        return this.#step({ type: 'broken-stream', fault: arrival.fault });
      case 'refused':
        socket.send([refusalFrame(transferId)]);
        return events.value(this, transferId, arrival.error);
      case 'abandoned':
        return events.value(this, transferId, arrival.error);
    }
  }

  #bad(fault: string): void {
    this.#step({ type: 'bad-frame', fault });
  }

  #step(event: LinkEvent): void {
    if (this.#isOver) return;
    for (const command of stepLink(this.#state, event, this.#options.clock.now())) this.#perform(command);
  }

  #perform(command: LinkCommand): void {
    const { socket, events } = this.#options;
    switch (command.type) {
      case 'send-greeting':
        return socket.send([greetingFrame(command.greeting)]);
      case 'set-deadline':
        return this.#setDeadline(command.atMs);
      case 'link-up':
        this.#deadline?.cancel();
        socket.admit();
        return events.up(this);
      case 'log-bad-frame':
        return events.badFrame(this, command.fault);
      case 'close':
        return this.#end(command.end, command.abrupt);
    }
  }

  #setDeadline(atMs: number): void {
    const { clock } = this.#options;
    this.#deadline = afterAttentive(clock, atMs - clock.now(), () => this.#step({ type: 'tick' }));
  }

  #end(end: LinkOver, abrupt: boolean): void {
    if (this.#isOver) return;
    if (!abrupt) this.#outbox.flush(true);
    if (this.#isOver) return;
    // First, as the socket reports its own end as well, which is only the consequence.
    this.#over(end);
    this.#options.socket.close(abrupt);
  }

  #over(end: LinkOver): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#inbox.close();
    this.#outbox.fail(new Error(`The link to "${this.peer?.name}" is closed: ${describeEnd(end)}`));
    this.#options.events.over(this, end);
  }
}

/** Returns why a link ended, in words. */
export function describeEnd(end: LinkOver): string {
  switch (end.type) {
    case 'refused':
      return end.by === 'them' ? `it was refused: ${end.reason}` : `this node refused it: ${end.reason}`;
    case 'mismatch':
      return end.text;
    case 'silent':
      return 'the greeting took too long';
    case 'bad-message':
      return `it sent an invalid message: ${end.fault}`;
    case 'closed':
      return end.closing.text;
    case 'dropped':
      return 'this node closed it';
    case 'stalled':
      return 'it accepts no data';
  }
}

/** Why a link ended: the end of its greeting, or of its connection. */
export type LinkOver =
  | LinkEnd
  | { readonly type: 'closed'; readonly closing: Closing }
  /** This node closed it. */
  | { readonly type: 'dropped' }
  /** The peer does not take what it is sent. */
  | { readonly type: 'stalled' };

/** The events of a link. */
export interface LinkEvents {
  up(link: Link): void;
  /** Called once, last, also for a link that never came up. Its connection may still be closing. */
  over(link: Link, end: LinkOver): void;
  /** The messages of one frame, in order. */
  messages(link: Link, messages: readonly WireMessage[]): void;
  /** A value is complete, or will not come. */
  value(link: Link, transferId: number, value: readonly Uint8Array[] | Error): void;
  /** Whether a request waits for a value that begins to arrive. Otherwise it is refused. */
  expects(link: Link, transferId: number, sizeBytes: number): boolean;
  /** Returns memory to assemble a value of which only a part has come. */
  memoryFor(link: Link, ...value: Parameters<MemoryFor>): readonly Uint8Array[] | undefined;
  badFrame(link: Link, fault: string): void;
  /** A message that could not be understood, and that a request here or there waits for. */
  notUnderstood(link: Link, message: WrongMessage): void;
}

/** The options of a link. */
export interface LinkOptions extends Omit<LinkSetup, 'nonce' | 'deadlineMs'> {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly defer: Defer;
  readonly budget: IncomingBudget;
  /** How long the greeting may take, including the opening of the connection, ms. */
  readonly greetingMs: number;
  readonly events: LinkEvents;
}
