import type { AwayBytes } from './away.js';
import { opened } from './pack.js';
import { isOfParts, PartTable, tableEnd } from './part-table.js';
import { type Origin, StoredValue } from './stored-value.js';

/** Up to this size a value is read whole for one of its parts: the others are in memory then, bytes. */
const READ_WHOLE_BYTES = 64 * 1024 * 1024;

/** Parts up to this size are read together with those beside them, in blocks of this length, bytes. A map takes them in order. */
const BLOCK_BYTES = 1024 * 1024;

/** How many blocks of a value are in memory. */
const BLOCKS = 4;

/** The tables and blocks of values that are away, as long as these are. */
const known = new WeakMap<AwayBytes, AwayParts>();

/**
 * Returns the parts of a large value that is not in memory, each to be read alone; `undefined` if the value should be read whole: it is
 * small, or only the whole can be checked.
 */
export function awayParts(bytes: AwayBytes): AwayParts | undefined {
  if (bytes.sizeBytes <= READ_WHOLE_BYTES || !bytes.readRange) return undefined;
  let parts = known.get(bytes);
  if (!parts) {
    parts = new AwayParts(bytes.sizeBytes, (from, to) => bytes.readRange!(from, to));
    known.set(bytes, parts);
  }
  return parts;
}

/** Reads single parts of an array or record that is not in memory: its table once, and then of the rest what is asked for. */
class AwayParts {
  readonly #sizeBytes: number;
  readonly #read: (from: number, to: number) => Promise<Uint8Array>;
  #table: Promise<PartTable | undefined> | undefined;
  /** The blocks that were read last, the latest at the end. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor(sizeBytes: number, read: (from: number, to: number) => Promise<Uint8Array>) {
    this.#sizeBytes = sizeBytes;
    this.#read = read;
  }

  /**
   * Reads a part. Resolves to `undefined` if the value has no such part. Rejects as reading does, and with `HANDOFF_NOT_SERIALIZABLE` for
   * bytes that are no value.
   */
  async at(place: number, origin: Origin): Promise<StoredValue | undefined> {
    this.#table ??= this.#readTable();
    const table = await forgotten(this.#table, () => {
      this.#table = undefined;
    });
    if (!table || !(place >= 0 && place < table.count)) return undefined;
    const [from, to] = opened(() => table.rangeAt(place));
    if (to - from > BLOCK_BYTES) return StoredValue.packed(await this.#read(from, to), origin);
    return StoredValue.packedAmong(await this.#inBlocks(from, to), origin);
  }

  async #readTable(): Promise<PartTable | undefined> {
    const begin = await this.#block(0);
    if (!isOfParts(begin)) return undefined;
    const end = Math.min(tableEnd(begin), this.#sizeBytes);
    const table = end <= begin.byteLength ? begin : await this.#read(0, end);
    return opened(() => new PartTable(table, this.#sizeBytes));
  }

  /** Returns bytes of one block, or of two. */
  async #inBlocks(from: number, to: number): Promise<Uint8Array> {
    const first = Math.floor(from / BLOCK_BYTES);
    const begin = first * BLOCK_BYTES;
    const end = begin + BLOCK_BYTES;
    const head = (await this.#block(first)).subarray(from - begin, to - begin);
    return to <= end ? head : Buffer.concat([head, (await this.#block(first + 1)).subarray(0, to - end)]);
  }

  #block(number: number): Promise<Uint8Array> {
    const from = number * BLOCK_BYTES;
    const block = this.#blocks.get(number) ?? this.#read(from, Math.min(from + BLOCK_BYTES, this.#sizeBytes));
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    for (const [oldest] of this.#blocks) {
      if (this.#blocks.size <= BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    return forgotten(block, () => this.#blocks.delete(number));
  }
}

/** What failed is tried again by the next who asks. */
async function forgotten<T>(reading: Promise<T>, forget: () => void): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    forget();
    throw error;
  }
}
