import type { Clock } from '../../base/index.js';
import {
  COUNTED_FRAME_BYTES,
  chunkHead,
  controlFrames,
  EMPTY_FRAME,
  LONG_MESSAGE_BYTES,
  pieceHead,
  receivedFrame,
} from '../protocol/codec.js';
import type { Defer, Socket } from '../transport.js';
import { Window } from './window.js';

/** So much of values goes in one turn of the event loop, bytes; a fast network would otherwise never let go of it. */
const TURN_BYTES = 4 * 1024 * 1024;

/** A peer is given up when so much waits for it, bytes, and it has taken nothing for so long, ms: what it is told would fill the memory. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const STALLED_MS = 5000;

/** When so much waits for a peer it is given up, however much it takes, bytes. */
const MOST_WAITING_BYTES = 1024 * 1024 * 1024;

/** So much of messages may be under way to a peer however small the window is, bytes. */
const MESSAGES_UNDER_WAY_BYTES = 64 * 1024;

/**
 * What would be left of a value after a chunk goes with it, if it is no more than this part of a chunk: a value and its header are one
 * chunk.
 */
const REST_PART = 1 / 8;

/**
 * A value of which no more than this is left is sent to its end before others have their turn, bytes. On a link that breaks again and again
 * values that take turns in small chunks would none of them be whole, and all begin anew.
 */
const SOON_BYTES = 1.25 * 1024 * 1024;

const SHORT_PIECE_BYTES = 64;

interface Transfer {
  readonly id: number;
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  sentBytes: number;
  /** Where the next chunk begins: in which part, and how far into it. */
  part: number;
  offset: number;
  resolve(): void;
  reject(error: Error): void;
}

/** What an outbox is made with. `stalled` is called when the peer takes nothing. */
export interface OutboxOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly defer: Defer;
  stalled(): void;
}

/**
 * What is on its way to one peer. Messages of one turn go in few frames, in the order in which they were given, a long one in pieces;
 * values go beside them in chunks, in turn if there are several. Frames of many messages go off as soon as they are full: the other side
 * works on them while this one goes on. With one frame a turn two nodes that talk of thousands of small functions wait for each other, a
 * third of the time. Only so much is under way at a time as the window lets; the rest waits here, where it can be seen.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #window = new Window();
  /** Messages that wait, from `#first` on, and the bytes of these. */
  #messages: Uint8Array[] = [];
  #first = 0;
  #messageBytes = 0;
  /** How much of the first one has gone, if it goes in pieces. */
  #sentOfLong = 0;
  /** Since when too much waits without the peer's having taken any of it, and how much it had taken then. */
  #full: { readonly sinceMs: number; readonly takenBytes: number } | undefined;
  #pushedBytes = 0;
  #transfers: Transfer[] = [];
  /** Values that have been sent whole, and how many chunks must have arrived for each to be there. */
  #arriving: { readonly transfer: Transfer; readonly chunks: number }[] = [];
  /** How many chunks have come from the peer, and how many it has heard of. */
  #received = 0;
  #toldReceived = 0;
  #isScheduled = false;
  #error: Error | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** An encoded message. */
  push(message: Uint8Array): void {
    if (this.#error) return;
    this.#messages.push(message);
    this.#messageBytes += message.length;
    this.#pushedBytes += message.length;
    if (this.#messageBytes >= COUNTED_FRAME_BYTES) this.#send();
    this.#schedule();
  }

  /** How much of messages waits here for the peer to take what was sent before, bytes. */
  get waitingBytes(): number {
    return this.#messageBytes;
  }

  /** How many chunks, pieces and counted frames the peer has received: grows while it takes what it is sent. */
  get delivered(): number {
    return this.#window.received;
  }

  /** So many chunks, pieces and counted frames have come from the peer. */
  tellReceived(chunks: number): void {
    this.#received = chunks;
    this.#schedule();
  }

  /** Resolves when the peer has the last byte; until then they must not change. Rejects when the peer does not want it or the link ends. */
  sendValue(id: number, parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) throw this.#error;
      const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
      this.#transfers.push({ id, parts, sizeBytes, sentBytes: 0, part: 0, offset: 0, resolve, reject });
      this.#schedule();
    });
  }

  /** The peer does not want a value. */
  refused(id: number): void {
    const { socket } = this.#options;
    const waiting = this.#transfers.findIndex((one) => one.id === id);
    const sent = this.#arriving.findIndex(({ transfer }) => transfer.id === id);
    const transfer = this.#transfers[waiting] ?? this.#arriving[sent]?.transfer;
    if (!transfer) return;
    if (waiting >= 0) {
      this.#transfers.splice(waiting, 1);
      socket.send([chunkHead(id, -1)]);
      this.#window.sentChunk(0, this.#options.clock.now());
    } else {
      this.#arriving.splice(sent, 1);
    }
    transfer.reject(new Error(`Cannot send a value of ${transfer.sizeBytes} bytes: the other node has no room for it`));
  }

  /** The peer has so many chunks. False for what cannot be. */
  received(chunks: number): boolean {
    if (!this.#window.receivedChunks(chunks, this.#options.clock.now())) return false;
    while (this.#arriving.length > 0 && this.#arriving[0]!.chunks <= chunks) this.#arriving.shift()!.transfer.resolve();
    if (this.#transfers.length > 0 || this.#messageBytes > 0) this.#schedule();
    return true;
  }

  /** Sends the messages that wait, as far as the window lets, or all of them if they are the `last`; and what has been received. */
  flush(isLast = false): void {
    if (this.#toldReceived < this.#received && !this.#error) {
      this.#toldReceived = this.#received;
      this.#options.socket.send([receivedFrame(this.#received)]);
    }
    this.#send(isLast);
    this.#look();
  }

  /** Whether the peer takes anything of what waits for it. */
  #look(): void {
    const { socket, clock, stalled } = this.#options;
    const { bufferedBytes } = socket;
    const waitingBytes = bufferedBytes + this.#messageBytes;
    if (waitingBytes <= MAX_WAITING_BYTES) {
      this.#full = undefined;
      return;
    }
    const takenBytes = this.#pushedBytes - waitingBytes;
    const nowMs = clock.now();
    if (!this.#full || takenBytes > this.#full.takenBytes) this.#full = { sinceMs: nowMs, takenBytes };
    if (waitingBytes > MOST_WAITING_BYTES || nowMs - this.#full.sinceMs >= STALLED_MS) stalled();
  }

  #send(isLast = false): void {
    while (this.#first < this.#messages.length) {
      const isLong = this.#messages[this.#first]!.length > LONG_MESSAGE_BYTES;
      const isFew = this.#messageBytes < COUNTED_FRAME_BYTES;
      if (!isFew && !isLast && !this.#window.hasRoomFor(MESSAGES_UNDER_WAY_BYTES)) break;
      if (isLong) this.#sendPiece();
      else this.#sendFrame(isFew);
    }
    if (this.#first < this.#messages.length) return;
    if (this.#first > 0) this.#messages = [];
    this.#first = 0;
  }

  /** Messages of one frame: all that wait, or as many as fill one. */
  #sendFrame(isAll: boolean): void {
    const from = this.#first;
    let to = isAll ? this.#messages.length : from;
    for (let bytes = 0; bytes < COUNTED_FRAME_BYTES && to < this.#messages.length; to += 1) {
      if (this.#messages[to]!.length > LONG_MESSAGE_BYTES) break;
      bytes += this.#messages[to]!.length;
    }
    const messages = from === 0 && to === this.#messages.length ? this.#messages : this.#messages.slice(from, to);
    for (const { length } of messages) this.#messageBytes -= length;
    this.#first = to;
    const [frame] = controlFrames(messages) as [Uint8Array];
    if (frame.length >= COUNTED_FRAME_BYTES) this.#window.sentChunk(frame.length, this.#options.clock.now());
    this.#options.socket.send([frame]);
  }

  /** A piece of the first message, as large as a chunk of a value. */
  #sendPiece(): void {
    const message = this.#messages[this.#first]!;
    const from = Math.max(1, this.#sentOfLong);
    const to = Math.min(message.length, from + this.#window.chunkBytes);
    const isLast = to === message.length;
    this.#messageBytes -= to - this.#sentOfLong;
    this.#sentOfLong = isLast ? 0 : to;
    if (isLast) this.#first += 1;
    this.#window.sentChunk(to - from, this.#options.clock.now());
    this.#options.socket.send([pieceHead(isLast), message.subarray(from, to)]);
  }

  /** Sends a frame that says nothing. */
  probe(): void {
    this.flush();
    this.#options.socket.send([EMPTY_FRAME]);
  }

  /** The link is over: every value still under way fails. */
  fail(error: Error): void {
    this.#error = error;
    const failed = [...this.#arriving.map(({ transfer }) => transfer), ...this.#transfers];
    this.#messages = [];
    this.#first = 0;
    this.#messageBytes = 0;
    this.#transfers = [];
    this.#arriving = [];
    for (const transfer of failed) transfer.reject(error);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.flush();
    let budgetBytes = TURN_BYTES;
    while (this.#transfers.length > 0 && this.#window.hasRoom) {
      // A full window is opened by what arrives.
      if (budgetBytes <= 0) return this.#schedule();
      budgetBytes -= this.#sendChunk();
    }
  };

  #sendChunk(): number {
    const transfer = this.#transfers.shift()!;
    const { id, sizeBytes, sentBytes } = transfer;
    const { chunkBytes } = this.#window;
    const leftBytes = sizeBytes - sentBytes;
    const bytes = leftBytes <= chunkBytes * (1 + REST_PART) ? leftBytes : chunkBytes;
    const pieces = piecesOf(transfer, bytes);
    this.#window.sentChunk(bytes, this.#options.clock.now());
    const restBytes = sizeBytes - transfer.sentBytes;
    if (restBytes > SOON_BYTES) this.#transfers.push(transfer);
    else if (restBytes > 0) this.#transfers.unshift(transfer);
    else this.#arriving.push({ transfer, chunks: this.#window.sent });
    const head = chunkHead(id, sizeBytes);
    // The header of a value is not worth a part of its own.
    const isShort = pieces.length > 0 && pieces[0]!.length <= SHORT_PIECE_BYTES;
    this.#options.socket.send(isShort ? [Buffer.concat([head, pieces[0]!]), ...pieces.slice(1)] : [head, ...pieces]);
    return Math.max(bytes, 1);
  }
}

/** The next so many bytes of a value, without a copy. */
function piecesOf(transfer: Transfer, bytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  transfer.sentBytes += bytes;
  for (let left = bytes; left > 0; ) {
    const part = transfer.parts[transfer.part]!;
    const piece = part.subarray(transfer.offset, transfer.offset + left);
    left -= piece.length;
    transfer.offset += piece.length;
    if (piece.length > 0) pieces.push(piece);
    if (transfer.offset === part.length) {
      transfer.part += 1;
      transfer.offset = 0;
    }
  }
  return pieces;
}
