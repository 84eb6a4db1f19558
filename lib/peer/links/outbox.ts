import type { Clock } from '../../base/index.js';
import type { AwayBytes } from '../../value/index.js';
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
import { ReadAhead, type Reading, SOON_BYTES } from './read-ahead.js';
import { type Rest, Rests } from './rest.js';
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

const SHORT_PIECE_BYTES = 64;

interface Transfer {
  readonly id: number;
  parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** How much of it has been in memory so far. */
  hereBytes: number;
  /** Where the rest comes from, if it is read as it is sent. */
  reading: Reading | undefined;
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
  /** Values of which something is here to be sent. */
  #transfers: Transfer[] = [];
  /** Values of which the next piece has yet to be read. */
  readonly #reading = new Set<Transfer>();
  readonly #readAhead = new ReadAhead(() => this.#window.chunkBytes);
  /** Values that the peer has a part of, and that cannot be read on. */
  #unreadable: number[] = [];
  /** Values that have been sent completely, with the number of chunks that must have arrived for each. */
  #arriving: { readonly transfer: Transfer; readonly chunks: number }[] = [];
  /** Chunks received from the peer, and how many of them were acknowledged. */
  #received = 0;
  #toldReceived = 0;
  #isScheduled = false;
  /** Whether something waits that is to leave in this turn; the messages that wait may take a turn longer. */
  #isDue = false;
  readonly #rests: Rests;
  #error: Error | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { clock, defer } = options;
    const over = (): void => void (this.#messageBytes > 0 && this.#schedule());
    this.#rests = new Rests({ clock, defer, isWaiting: () => this.#messageBytes > 0, over });
  }

  /** Queues an encoded message. One that may `rest` leaves later than others, unless one of them takes it along. */
  push(message: Uint8Array, rest: Rest = 'none'): void {
    if (this.#error) return;
    this.#messages.push(message);
    this.#messageBytes += message.length;
    this.#pushedBytes += message.length;
    if (this.#messageBytes >= COUNTED_FRAME_BYTES) this.#send();
    if (rest === 'none') this.#schedule();
    else this.#rests.begin(rest);
  }

  /** Bytes of messages that wait until the peer takes what was sent before. */
  get waitingBytes(): number {
    return this.#messageBytes;
  }

  /** Whether messages or values wait until the peer takes what was sent before. */
  get isBusy(): boolean {
    return this.#messageBytes > 0 || this.#transfers.length > 0;
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
   * Sends a value. Resolves when the peer has the last byte; until then the bytes must not change. What is not in memory is read a little
   * ahead of what is sent. Rejects if the peer refuses it or the link ends, and with `Unreadable` if it cannot be read.
   */
  sendValue(id: number, bytes: readonly Uint8Array[] | AwayBytes): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) throw this.#error;
      if ('reader' in bytes && bytes.sizeBytes > 0) return this.#beginToRead(id, bytes, resolve, reject);
      const parts = 'reader' in bytes ? [] : bytes;
      const sizeBytes = lengthOf(parts);
      const here = { id, parts, sizeBytes, hereBytes: sizeBytes, reading: undefined };
      this.#transfers.push({ ...here, sentBytes: 0, part: 0, offset: 0, resolve, reject });
      this.#schedule();
    });
  }

  #beginToRead(id: number, bytes: AwayBytes, resolve: () => void, reject: (error: Error) => void): void {
    const from: Transfer = {
      id,
      parts: [],
      sizeBytes: bytes.sizeBytes,
      hereBytes: 0,
      reading: undefined,
      sentBytes: 0,
      part: 0,
      offset: 0,
      resolve,
      reject,
    };
    this.#reading.add(from);
    from.reading = this.#readAhead.begin(bytes, {
      piece: (piece) => {
        from.parts = [...from.parts, piece];
        from.hereBytes += piece.byteLength;
        if (!this.#reading.delete(from)) return;
        this.#queue(from);
        this.#schedule();
      },
      failed: (error) => {
        this.#withdraw(from);
        reject(error);
        // In the next turn, as the messages that tell why come first.
        if (from.sentBytes > 0) this.#unreadable.push(id);
        this.#schedule();
      },
    });
  }

  /** The rest of a value gets its turn, or the next one if it is short. */
  #queue(transfer: Transfer): void {
    if (transfer.sentBytes > 0 && transfer.sizeBytes - transfer.sentBytes <= SOON_BYTES) this.#transfers.unshift(transfer);
    else this.#transfers.push(transfer);
  }

  /** Nothing more of a value is sent. */
  #withdraw(transfer: Transfer): void {
    const waiting = this.#transfers.indexOf(transfer);
    if (waiting >= 0) this.#transfers.splice(waiting, 1);
    this.#reading.delete(transfer);
    if (transfer.reading) this.#readAhead.end(transfer.reading);
  }

  /** Tells the peer that the rest of a value will not come. */
  #sendEnd(id: number): void {
    this.#options.socket.send([chunkHead(id, -1)]);
    this.#window.sentChunk(0, this.#options.clock.now());
  }

  /** The peer refuses a value. */
  refused(id: number): void {
    const waiting = [...this.#transfers, ...this.#reading].find((one) => one.id === id);
    const sent = this.#arriving.findIndex(({ transfer }) => transfer.id === id);
    const transfer = waiting ?? this.#arriving[sent]?.transfer;
    if (!transfer) return;
    if (waiting) {
      this.#withdraw(waiting);
      this.#sendEnd(id);
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

  /** Does the same as `flush` if something is due. */
  flushDue(): void {
    if (this.#isDue) this.flush();
  }

  /** Sends waiting messages as far as the window allows, or all if they are the `last`; also acknowledges what was received. */
  flush(isLast = false): void {
    this.#isDue = false;
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
    this.#rests.close();
    const failed = [...this.#arriving.map(({ transfer }) => transfer), ...this.#transfers, ...this.#reading];
    this.#readAhead.close();
    for (const { reading } of failed) if (reading) this.#readAhead.end(reading);
    this.#messages = [];
    this.#first = 0;
    this.#messageBytes = 0;
    this.#transfers = [];
    this.#reading.clear();
    this.#unreadable = [];
    this.#arriving = [];
    for (const transfer of failed) transfer.reject(error);
  }

  #schedule(): void {
    this.#isDue = true;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.flush();
    for (const id of this.#unreadable.splice(0)) this.#sendEnd(id);
    let budgetBytes = TURN_BYTES;
    while (this.#transfers.length > 0 && this.#window.hasRoom) {
      // Acknowledgements open a full window.
      if (budgetBytes <= 0) return this.#schedule();
      budgetBytes -= this.#sendChunk();
    }
  };

  #sendChunk(): number {
    const transfer = this.#transfers.shift()!;
    const { id, sizeBytes, sentBytes, reading } = transfer;
    const { chunkBytes } = this.#window;
    const leftBytes = transfer.hereBytes - sentBytes;
    const bytes = leftBytes <= chunkBytes * (1 + REST_PART) ? leftBytes : chunkBytes;
    const pieces = piecesOf(transfer, bytes);
    this.#window.sentChunk(bytes, this.#options.clock.now());
    if (transfer.sentBytes === sizeBytes) this.#arriving.push({ transfer, chunks: this.#window.sent });
    else if (transfer.sentBytes < transfer.hereBytes) this.#queue(transfer);
    else this.#reading.add(transfer);
    if (reading) this.#sentOf(transfer, reading, bytes);
    const head = chunkHead(id, sizeBytes);
    // A value's header is too short for a chunk of its own.
    const isShort = pieces.length > 0 && pieces[0]!.length <= SHORT_PIECE_BYTES;
    this.#options.socket.send(isShort ? [Buffer.concat([head, pieces[0]!]), ...pieces.slice(1)] : [head, ...pieces]);
    return Math.max(bytes, 1);
  }

  /** Lets the pieces go that have been sent, so that the next ones are read. */
  #sentOf(transfer: Transfer, reading: Reading, bytes: number): void {
    transfer.parts = transfer.parts.slice(transfer.part);
    transfer.part = 0;
    this.#readAhead.sent(reading, bytes);
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
