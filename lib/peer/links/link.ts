import { randomBytes } from 'node:crypto';
import { afterAttentive, type Clock, type Timer } from '../../base/index.js';
import { countLarge } from '../../value/index.js';
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
import type { Closing, Defer, Socket } from '../transport.js';
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

/** Why a link ended; beside what its greeting may end in, what becomes of its connection. */
export type LinkOver =
  | LinkEnd
  | { readonly type: 'closed'; readonly closing: Closing }
  /** By this node. */
  | { readonly type: 'dropped' }
  /** The other has not taken what it was sent. */
  | { readonly type: 'stalled' };

/** What a link tells. */
export interface LinkEvents {
  up(link: Link): void;
  /** Once, last; also for a link that was never up. Its connection may still be closing. */
  over(link: Link, end: LinkOver): void;
  /** What came in one frame, in order. */
  messages(link: Link, messages: readonly WireMessage[]): void;
  /** A value is whole, or will not come. */
  value(link: Link, transferId: number, value: readonly Uint8Array[] | Error): void;
  /** Whether somebody here waits for a value that begins to arrive; it is refused otherwise. */
  expects(link: Link, transferId: number, sizeBytes: number): boolean;
  /** Where a value is to be put together, of which only a part has come. */
  memoryFor(link: Link, ...value: Parameters<MemoryFor>): readonly Uint8Array[] | undefined;
  badFrame(link: Link, fault: string): void;
  /** A message that could not be understood, and that somebody waits for, here or there. */
  notUnderstood(link: Link, message: WrongMessage): void;
}

/** What a link is made with. */
export interface LinkOptions extends Omit<LinkSetup, 'nonce' | 'deadlineMs'> {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly defer: Defer;
  readonly budget: IncomingBudget;
  /** How long the greeting may take, the opening of the connection included, ms. */
  readonly greetingMs: number;
  readonly events: LinkEvents;
}

/** One connection to one peer: feeds the link's brain and performs its commands; once it is up, carries messages and values. */
export class Link {
  /** Resolves when its connection is closed for good. */
  readonly closed: Promise<void>;
  readonly #options: LinkOptions;
  readonly #state: LinkState;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  #deadline: Timer | undefined;
  /** How many bytes have come in what is acknowledged. */
  #receivedBytes = 0;
  /** How many chunks, pieces and counted frames have come. */
  #chunks = 0;
  /** Of a message that has not come whole. */
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

  /** Who is there; known once its hello was heard, proved once the link is up. */
  get peer(): PeerIdentity | undefined {
    return this.#state.peer;
  }

  /** How many bytes have come over it of values and of what is long otherwise. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isUp(): boolean {
    return this.#state.phase === 'up' && !this.#isOver;
  }

  get isDialled(): boolean {
    return this.#options.role === 'dialler';
  }

  /** Bytes that have come, of whatever kind, those of a frame that is not whole yet among them. */
  get heardBytes(): number {
    return this.#options.socket.receivedBytes;
  }

  /** How much of messages waits here until the peer takes what was sent before, bytes. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** How many chunks, pieces and long frames the peer has received. */
  get delivered(): number {
    return this.#outbox.delivered;
  }

  push(encoded: Uint8Array): void {
    this.#outbox.push(encoded);
  }

  sendValue(transferId: number, parts: readonly Uint8Array[]): Promise<void> {
    return this.#outbox.sendValue(transferId, parts);
  }

  /** Provokes an answer of the network: if the other end is gone without a word, this one hears of it. */
  probe(): void {
    this.#outbox.probe();
  }

  /** Ends it, after what was sent before; `abrupt`: at once. */
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
      // Whoever waits for it is told, so it is no reason to end the link.
      if (wrong.id === undefined) this.#bad(wrong.fault);
      else events.notUnderstood(this, wrong);
    }
    // What they came to is known: nothing is gained by waiting for the end of the turn, and who asks one after another waits for it twice.
    this.#outbox.flush();
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

  /** Something has come that the other side is told of. */
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
    // Before the socket tells of its own end, which is only the consequence.
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

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** Why a link ended, in words. */
export function describeEnd(end: LinkOver): string {
  switch (end.type) {
    case 'refused':
      return end.by === 'them' ? `it was refused: ${end.reason}` : `this node refused it: ${end.reason}`;
    case 'mismatch':
      return end.text;
    case 'silent':
      return 'the greeting was not over in time';
    case 'bad-message':
      return `it sent what is no message: ${end.fault}`;
    case 'closed':
      return end.closing.text;
    case 'dropped':
      return 'this node closed it';
    case 'stalled':
      return 'it takes nothing';
  }
}
