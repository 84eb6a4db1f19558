import { textOf } from '../../base/index.js';
import type { AwayBytes, ByteReader } from '../../value/index.js';

/** A piece is as long as some chunks, within these limits, bytes. With 1 MiB a thread that reads reaches the rate of the disk. */
const CHUNKS_IN_PIECE = 2;
const SHORTEST_PIECE_BYTES = 64 * 1024;
const LONGEST_PIECE_BYTES = 1024 * 1024;

/** How many pieces may be in memory: of all values of a link, and of each. One alone must not use up the room of others. */
const PIECES = 8;
const PIECES_OF_ONE = 4;

/** So many values that take several turns are open at a time. The next one begins when one of them has been read. */
const MOST_OPEN = 16;

/**
 * A value with at most this much left is sent to its end before others get their turn, bytes. On a link that breaks again and again, values
 * that take turns in small chunks would never complete, and all begin anew.
 */
export const SOON_BYTES = 1.25 * 1024 * 1024;

/** A value cannot be read to its end where it lies. */
export class Unreadable extends Error {
  constructor(cause: unknown) {
    super(textOf(cause), { cause });
  }
}

/**
 * Reads the values of one link that are not in memory, a bounded amount ahead of what is sent. They take turns, piece by piece, so that a
 * large one, or one whose disk is slow, holds up no other.
 */
export class ReadAhead {
  readonly #chunkBytes: () => number;
  /** Those that may read a piece, in turn. */
  readonly #turns: Reading[] = [];
  /** Those that begin when another has been read. */
  readonly #later: Reading[] = [];
  #openCount = 0;
  /** Bytes that were read, or are being read, and have not been sent. */
  #aheadBytes = 0;
  #isClosed = false;

  /** `chunkBytes` returns the size of the chunks that are sent at present. */
  constructor(chunkBytes: () => number) {
    this.#chunkBytes = chunkBytes;
  }

  /** Begins to read. `taker` gets the pieces in order. */
  begin(bytes: AwayBytes, taker: PieceTaker): Reading {
    const reading = new Reading(bytes, taker);
    if (reading.isLarge && this.#openCount >= MOST_OPEN) this.#later.push(reading);
    else this.#enter(reading);
    this.#goOn();
    return reading;
  }

  /** So many bytes of it have been sent. */
  sent(reading: Reading, bytes: number): void {
    this.#count(reading, -bytes);
    this.#goOn();
  }

  /** Nobody wants it any more. */
  end(reading: Reading): void {
    this.#end(reading);
    this.#goOn();
  }

  /** Nothing is read any more. What has begun must still be ended. */
  close(): void {
    this.#isClosed = true;
  }

  #enter(reading: Reading): void {
    if (reading.isLarge) {
      this.#openCount += 1;
      reading.isCounted = true;
    }
    this.#turns.push(reading);
  }

  #goOn(): void {
    const pieceBytes = Math.min(LONGEST_PIECE_BYTES, Math.max(SHORTEST_PIECE_BYTES, CHUNKS_IN_PIECE * this.#chunkBytes()));
    while (!this.#isClosed && this.#aheadBytes < PIECES * pieceBytes) {
      const at = this.#turns.findIndex(({ aheadBytes }) => aheadBytes < PIECES_OF_ONE * pieceBytes);
      if (at < 0) return;
      const [reading] = this.#turns.splice(at, 1) as [Reading];
      this.#read(reading, Math.min(reading.leftBytes, pieceBytes));
    }
  }

  #read(reading: Reading, mostBytes: number): void {
    this.#count(reading, mostBytes);
    reading.read(mostBytes).then(
      (piece) => this.#took(reading, mostBytes, piece),
      (error: unknown) => this.#failed(reading, error),
    );
  }

  #took(reading: Reading, askedBytes: number, piece: Uint8Array): void {
    if (reading.isOver) return;
    const bytes = piece.byteLength;
    if (bytes === 0 || bytes > askedBytes) return this.#failed(reading, new Error(`Cannot read on: ${bytes} of ${askedBytes} bytes came`));
    this.#count(reading, bytes - askedBytes);
    reading.leftBytes -= bytes;
    if (reading.leftBytes > SOON_BYTES) this.#turns.push(reading);
    else if (reading.leftBytes > 0) this.#turns.unshift(reading);
    else this.#close(reading);
    reading.taker.piece(piece);
    this.#goOn();
  }

  #failed(reading: Reading, error: unknown): void {
    if (reading.isOver) return;
    this.#end(reading);
    reading.taker.failed(new Unreadable(error));
    this.#goOn();
  }

  #count(reading: Reading, bytes: number): void {
    reading.aheadBytes += bytes;
    this.#aheadBytes += bytes;
  }

  #end(reading: Reading): void {
    reading.isOver = true;
    this.#count(reading, -reading.aheadBytes);
    remove(this.#later, reading);
    remove(this.#turns, reading);
    this.#close(reading);
  }

  #close(reading: Reading): void {
    reading.close();
    if (!reading.isCounted) return;
    reading.isCounted = false;
    this.#openCount -= 1;
    const next = this.#later.shift();
    if (next) this.#enter(next);
  }
}

function remove(from: Reading[], reading: Reading): void {
  const at = from.indexOf(reading);
  if (at >= 0) from.splice(at, 1);
}

/** A value that is being read. */
export class Reading {
  readonly taker: PieceTaker;
  /** Whether it takes several turns. */
  readonly isLarge: boolean;
  /** Bytes that are still to be read. */
  leftBytes: number;
  /** Bytes that were read, or are being read, and have not been sent. */
  aheadBytes = 0;
  /** Whether it is one of the large ones of which few are open. */
  isCounted = false;
  /** Whether nobody wants it any more. */
  isOver = false;
  readonly #bytes: AwayBytes;
  #reader: ByteReader | undefined;

  constructor(bytes: AwayBytes, taker: PieceTaker) {
    this.#bytes = bytes;
    this.taker = taker;
    this.leftBytes = bytes.sizeBytes;
    this.isLarge = bytes.sizeBytes > SOON_BYTES;
  }

  /** Reads the next piece. The first one opens the bytes, so those that wait for their turn have nothing open. */
  async read(mostBytes: number): Promise<Uint8Array> {
    this.#reader ??= this.#bytes.reader();
    return this.#reader.read(mostBytes);
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}

/** Receives what is read of a value. */
export interface PieceTaker {
  piece(bytes: Uint8Array): void;
  /** It cannot be read to its end. Nothing more comes. */
  failed(error: Unreadable): void;
}
