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
import { type Defer, lengthOf, type Socket } from '../transport.js';
import { Window } from './window.js';

/** The most bytes of values sent in one turn of the event loop. On a fast network sending would otherwise never yield. */
const TURN_BYTES = 4 * 1024 * 1024;

/** A peer is given up when this much waits for it, bytes, and it has taken nothing for this long, ms: the memory would fill up. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const STALLED_MS = 5000;

/** A peer is given up when this much waits for it, bytes, even if it still takes some. */
const MOST_WAITING_BYTES = 1024 * 1024 * 1024;

/** This much of messages may always be in transit, bytes, however small the window is. */
const MESSAGES_UNDER_WAY_BYTES = 64 * 1024;

/** A rest of a value goes with the chunk before it if it is at most this part of a chunk: a value and its header are one chunk. */
const REST_PART = 1 / 8;

/**
 * A value with at most this much left is sent to its end before others get their turn, bytes. On a link that breaks again and again, values
 * that take turns in small chunks would never complete, and all begin anew.
 */
const SOON_BYTES = 1.25 * 1024 * 1024;

const SHORT_PIECE_BYTES = 64;

interface Transfer {
  readonly id: number;
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  sentBytes: number;
  /** The part in which the next chunk begins, and the position in it. */
  part: number;
  offset: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Everything on its way to one peer. The messages of one turn go in few frames, in order, a long message in pieces. Values go beside them
 * in chunks, in turn if there are several. The window limits how much is in transit; the rest waits here, where it can be counted.
 *
 * A frame is sent as soon as it is full, so that the other side can work on it meanwhile. With one frame a turn, two nodes that exchange
 * thousands of small functions spend a third of the time waiting for each other.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #window = new Window();
  /** Waiting messages, from `#first` on, and their bytes. */
  #messages: Uint8Array[] = [];
  #first = 0;
  #messageBytes = 0;
  /** How much of the first message has been sent, if it goes in pieces. */
  #sentOfLong = 0;
  /** Since when too much waits without progress, and how much the peer had taken then. */
  #full: { readonly sinceMs: number; readonly takenBytes: number } | undefined;
  #pushedBytes = 0;
  #transfers: Transfer[] = [];
  /** Values that have been sent completely, with the number of chunks that must have arrived for each. */
  #arriving: { readonly transfer: Transfer; readonly chunks: number }[] = [];
  /** Chunks received from the peer, and how many of them were acknowledged. */
  #received = 0;
  #toldReceived = 0;
  #isScheduled = false;
  #error: Error | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues an encoded message. */
  push(message: Uint8Array): void {
    if (this.#error) return;
    this.#messages.push(message);
    this.#messageBytes += message.length;
    this.#pushedBytes += message.length;
    if (this.#messageBytes >= COUNTED_FRAME_BYTES) this.#send();
    this.#schedule();
  }

  /** Bytes of messages that wait until the peer takes what was sent before. */
  get waitingBytes(): number {
    return this.#messageBytes;
  }

  /** Chunks, pieces and counted frames that the peer has received. Grows while it takes what it is sent. */
  get delivered(): number {
    return this.#window.received;
  }

  /** Acknowledges that many chunks, pieces and counted frames of the peer. */
  tellReceived(chunks: number): void {
    this.#received = chunks;
    this.#schedule();
  }

  /**
   * Sends a value. Resolves when the peer has the last byte; until then the bytes must not change. Rejects if the peer refuses it or the
   * link ends.
   */
  sendValue(id: number, parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) throw this.#error;
      const sizeBytes = lengthOf(parts);
      this.#transfers.push({ id, parts, sizeBytes, sentBytes: 0, part: 0, offset: 0, resolve, reject });
      this.#schedule();
    });
  }

  /** The peer refuses a value. */
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

  /** The peer acknowledges that many chunks. Returns false if that is impossible. */
  received(chunks: number): boolean {
    if (!this.#window.receivedChunks(chunks, this.#options.clock.now())) return false;
    while (this.#arriving.length > 0 && this.#arriving[0]!.chunks <= chunks) this.#arriving.shift()!.transfer.resolve();
    if (this.#transfers.length > 0 || this.#messageBytes > 0) this.#schedule();
    return true;
  }

  /** Sends waiting messages as far as the window allows, or all if they are the `last`; also acknowledges what was received. */
  flush(isLast = false): void {
    if (this.#toldReceived < this.#received && !this.#error) {
      this.#toldReceived = this.#received;
      this.#options.socket.send([receivedFrame(this.#received)]);
    }
    this.#send(isLast);
    this.#look();
  }

  /** Checks whether the peer takes anything of what waits for it. */
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

  /** Sends one frame of messages: all that wait, or as many as fit. */
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

  /** Sends a piece of the first message, as large as a chunk of a value. */
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

  /** Sends an empty frame. */
  probe(): void {
    this.flush();
    this.#options.socket.send([EMPTY_FRAME]);
  }

  /** Called when the link is over. Every value in transit fails. */
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
      // Acknowledgements open a full window.
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
    // A value's header is too short for a chunk of its own.
    const isShort = pieces.length > 0 && pieces[0]!.length <= SHORT_PIECE_BYTES;
    this.#options.socket.send(isShort ? [Buffer.concat([head, pieces[0]!]), ...pieces.slice(1)] : [head, ...pieces]);
    return Math.max(bytes, 1);
  }
}

/** Returns the next bytes of a value, without a copy. */
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

/** The options of an outbox. `stalled` is called when the peer takes nothing. */
export interface OutboxOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly defer: Defer;
  stalled(): void;
}
