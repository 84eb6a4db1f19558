import type { AwayBytes, ByteReader } from './away.js';
import type { Packed } from './pack.js';
import { memoryOf } from './shared-memory.js';

/** A piece of a packed value: in memory, or where it lies. */
export type Piece = Uint8Array | AwayBytes;

/** Whether a piece is in memory. */
export const isInMemory = (piece: Piece): piece is Uint8Array => piece instanceof Uint8Array;

/** Returns the length of a piece, bytes. */
export const pieceBytes = (piece: Piece): number => (isInMemory(piece) ? piece.byteLength : piece.sizeBytes);

/** The packed bytes of a value whose pieces are in memory, or not, one after the other. */
export class JoinedBytes implements AwayBytes {
  readonly sizeBytes: number;
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
    this.sizeBytes = pieces.reduce((sum, piece) => sum + pieceBytes(piece), 0);
  }

  async read(): Promise<Packed> {
    const packed = memoryOf(this.sizeBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      packed.set(isInMemory(piece) ? piece : await piece.read(), at);
      at += pieceBytes(piece);
    }
    return packed;
  }

  readNow(): Packed {
    const packed = memoryOf(this.sizeBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      packed.set(isInMemory(piece) ? piece : piece.readNow(), at);
      at += pieceBytes(piece);
    }
    return packed;
  }

  reader(): ByteReader {
    return new JoinedReader(this.#pieces);
  }
}

/** Reads one piece after the other. Only the one that it is at is open. */
class JoinedReader implements ByteReader {
  readonly #pieces: readonly Piece[];
  #at = 0;
  /** How much has been read of the piece. */
  #readBytes = 0;
  #reader: ByteReader | undefined;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  async read(mostBytes: number): Promise<Uint8Array> {
    const read: Uint8Array[] = [];
    let leftBytes = mostBytes;
    while (leftBytes > 0 && this.#at < this.#pieces.length) {
      const bytes = await this.#readOn(this.#pieces[this.#at]!, leftBytes);
      read.push(bytes);
      leftBytes -= bytes.byteLength;
    }
    return read.length === 1 ? read[0]! : Buffer.concat(read);
  }

  async #readOn(piece: Piece, mostBytes: number): Promise<Uint8Array> {
    let bytes: Uint8Array;
    if (isInMemory(piece)) bytes = piece.subarray(this.#readBytes, this.#readBytes + mostBytes);
    else {
      this.#reader ??= piece.reader();
      bytes = await this.#reader.read(mostBytes);
    }
    this.#readBytes += bytes.byteLength;
    const isDone = this.#readBytes >= pieceBytes(piece);
    if (!isDone && bytes.byteLength === 0) throw new RangeError(`Cannot read on: ${this.#readBytes} of ${pieceBytes(piece)} bytes came`);
    if (isDone) {
      this.close();
      this.#at += 1;
      this.#readBytes = 0;
    }
    return bytes;
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}
