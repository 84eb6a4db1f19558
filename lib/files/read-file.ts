import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { ownMemory } from '../value/index.js';
import { BLOCK_BYTES, isSameDigest, kindOf, runningDigest } from './file-digest.js';
import { type FileLoss, type FilePlace, type PlainPlace, placeOfPlain } from './file-place.js';

/** So much is read and checked at once, bytes: it is still in the processor's cache when it is checked. */
const CHUNK_BYTES = 256 * 1024;
/** The beginning of a value tells how it is read, bytes: no more than the header of binary data. */
const BEGIN_BYTES = 16;
/** So much is read in one call while what came before is checked, bytes. */
const LARGE_CHUNK_BYTES = 1 << 20;

/** Reads and checks bytes of a file, some after another. Throws errors of the system. */
export class FileReading {
  readonly #place: FilePlace;
  readonly #file: number;
  readonly #digest;
  #read = 0;

  private constructor(place: FilePlace, file: number) {
    this.#place = place;
    this.#file = file;
    this.#digest = runningDigest(kindOf(place.digest));
  }

  /** Opens the file. Returns why it cannot be what was written, if that shows already. */
  static open(place: FilePlace): FileReading | FileLoss {
    const file = openFile(place);
    if (file === undefined) return 'missing';
    const reading = new FileReading(place, file);
    const loss = place.at === undefined ? reading.#wrongSize() : undefined;
    if (!loss) return reading;
    reading.close();
    return loss;
  }

  /** How many bytes have been read. */
  get readBytes(): number {
    return this.#read;
  }

  /** Fills the memory with the bytes that follow. With the last ones it says whether all were what was written. */
  readInto(bytes: Uint8Array): FileLoss | undefined {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), (this.#place.at ?? 0) + this.#read);
      if (count === 0) return 'short';
      this.#digest.update(bytes.subarray(at, at + count));
      at += count;
      this.#read += count;
    }
    return this.#judge();
  }

  /** The same without blocking the thread: the system reads on while what has come is checked. */
  async readLarge(bytes: Uint8Array): Promise<FileLoss | undefined> {
    let coming = this.#readChunk(bytes, 0);
    for (let at = 0; at < bytes.length; ) {
      const count = await coming;
      if (count === 0) return 'short';
      const chunk = bytes.subarray(at, at + count);
      at += count;
      this.#read += count;
      if (at < bytes.length) coming = this.#readChunk(bytes, at);
      this.#digest.update(chunk);
    }
    return this.#judge();
  }

  #readChunk(bytes: Uint8Array, at: number): Promise<number> {
    const length = Math.min(LARGE_CHUNK_BYTES, bytes.length - at);
    return new Promise((resolve, reject) => {
      read(this.#file, bytes, at, length, (this.#place.at ?? 0) + this.#read, (error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** When all bytes have been read: whether they are what was written. */
  #judge(): FileLoss | undefined {
    if (this.#read < this.#place.sizeBytes) return undefined;
    return isSameDigest(this.#digest.finish(), this.#place.digest) ? undefined : 'damaged';
  }

  close(): void {
    if (this.#file !== this.#place.descriptor) closeSync(this.#file);
  }

  #wrongSize(): FileLoss | undefined {
    const { size } = fstatSync(this.#file);
    if (size === this.#place.sizeBytes) return undefined;
    return size < this.#place.sizeBytes ? 'short' : 'damaged';
  }
}

/**
 * Reads all at once, in memory that nobody else has: in one part, or binary data in two, its header and the data. Blocks its thread. Throws
 * errors of the system.
 */
export function readOwn(plain: PlainPlace): readonly Uint8Array[] | FileLoss {
  const place = placeOfPlain(plain);
  const reading = FileReading.open(place);
  if (typeof reading === 'string') return reading;
  try {
    const begin = new Uint8Array(Math.min(BEGIN_BYTES, place.sizeBytes));
    const loss = reading.readInto(begin);
    if (loss || begin.length === place.sizeBytes) return loss ?? [begin];
    const parts = ownMemory(place.sizeBytes, begin);
    const [first] = parts;
    first!.set(begin);
    for (const part of parts) {
      const lost = reading.readInto(part === first ? part.subarray(begin.length) : part);
      if (lost) return lost;
    }
    return parts;
  } finally {
    reading.close();
  }
}

/** Returns the place of the blocks around a range, as bytes that can be checked alone. */
export function blocksAround(place: FilePlace, from: number, to: number): { readonly place: FilePlace; readonly begin: number } {
  const [first, end] = [Math.floor(from / BLOCK_BYTES), Math.ceil(to / BLOCK_BYTES)];
  const begin = first * BLOCK_BYTES;
  const sizeBytes = Math.min(end * BLOCK_BYTES, place.sizeBytes) - begin;
  return { place: { ...place, at: (place.at ?? 0) + begin, sizeBytes, digest: place.digest.slice(first, end) }, begin };
}

function openFile({ path, descriptor }: FilePlace): number | undefined {
  if (descriptor !== undefined) return descriptor;
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
