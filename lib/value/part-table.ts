import { isScalar, scalarBytes, unpackScalar, writeScalar } from './scalar.js';

/** The first byte of an array or record whose parts are packed one by one. */
export const PARTS = 0x03;

const LIST = 0;
const RECORD = 1;
/** An array that has properties besides its elements. */
const LIST_WITH_FIELDS = 2;

/** First byte, kind, bytes of a number in the table, an unused byte, and the count as four bytes. */
const HEADER_BYTES = 8;

/** From this size on a part is not copied to be sent, bytes. */
const UNCOPIED_FROM_BYTES = 64 * 1024;

/** Small parts are written into chunks of this length, bytes. */
const CHUNK_BYTES = 64 * 1024;

/** Values within values of parts, at most. Each level takes some stack. */
const MOST_LEVELS = 1000;

/** Whether the bytes are an array or record of independent parts. */
export const isOfParts = (packed: Uint8Array): boolean => packed[0] === PARTS;

/**
 * Writes an array or record part by part: a header, a table that says where each part ends, and the parts. What stands besides them, the
 * keys of a record or the further properties of an array, is one part more. `P`: pieces that are not in memory, if there may be any.
 */
export class PartWriter<P extends { readonly sizeBytes: number } = never> {
  readonly #kind: number;
  readonly #count: number;
  readonly #ends: Float64Array;
  /** All pieces that are full, and their bytes. */
  readonly #pieces: (Uint8Array | P)[] = [];
  #bytes = 0;
  #chunk: Uint8Array | undefined;
  #at = 0;
  #part = 0;

  /** `beside`: what stands besides the parts. */
  constructor(count: number, beside: 'keys' | 'fields' | undefined) {
    this.#count = count;
    this.#kind = beside === 'keys' ? RECORD : beside === 'fields' ? LIST_WITH_FIELDS : LIST;
    this.#ends = new Float64Array(count + (beside === undefined ? 0 : 1));
  }

  /** Writes the next part if it needs no serializer. Returns whether it did. */
  addScalar(value: unknown): boolean {
    const size = scalarBytes(value);
    if (size === 0) return false;
    writeScalar(value, this.#roomFor(size), this.#at);
    this.#at += size;
    this.#ends[this.#part++] = this.#bytes + this.#at;
    return true;
  }

  /** Writes the next part, which has been packed in one or several pieces. They must not change until all has been used. */
  addPacked(pieces: readonly (Uint8Array | P)[]): void {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array && piece.byteLength < UNCOPIED_FROM_BYTES) {
        this.#roomFor(piece.byteLength).set(piece, this.#at);
        this.#at += piece.byteLength;
        continue;
      }
      this.#flush();
      this.#pieces.push(piece);
      this.#bytes += piece instanceof Uint8Array ? piece.byteLength : piece.sizeBytes;
    }
    this.#ends[this.#part++] = this.#bytes + this.#at;
  }

  /** Returns everything. The writer must not be used afterwards. */
  toPieces(): readonly (Uint8Array | P)[] {
    this.#flush();
    const width = this.#bytes < 2 ** 32 ? 4 : 8;
    const head = new Uint8Array(HEADER_BYTES + width * this.#ends.length);
    const view = new DataView(head.buffer);
    head[0] = PARTS;
    head[1] = this.#kind;
    head[2] = width;
    view.setUint32(4, this.#count, true);
    for (let part = 0; part < this.#ends.length; part += 1) {
      if (width === 4) view.setUint32(HEADER_BYTES + 4 * part, this.#ends[part]!, true);
      else view.setFloat64(HEADER_BYTES + 8 * part, this.#ends[part]!, true);
    }
    return [head, ...this.#pieces];
  }

  #roomFor(bytes: number): Uint8Array {
    if (!this.#chunk || this.#at + bytes > this.#chunk.byteLength) {
      this.#flush();
      this.#chunk = new Uint8Array(CHUNK_BYTES);
    }
    return this.#chunk;
  }

  #flush(): void {
    if (!this.#chunk || this.#at === 0) return;
    this.#pieces.push(this.#chunk.subarray(0, this.#at));
    this.#bytes += this.#at;
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#at = 0;
  }
}

/** Returns how long the begin of a value of parts is that holds its table, bytes. Throws `RangeError` if that cannot be told of so few. */
export function tableEnd(begin: Uint8Array): number {
  if (begin.byteLength < HEADER_BYTES) throw new RangeError(`Cannot unpack: ${begin.byteLength} bytes are no value of parts`);
  const count = new DataView(begin.buffer, begin.byteOffset).getUint32(4, true);
  return HEADER_BYTES + begin[2]! * (count + (begin[1] === LIST ? 0 : 1));
}

/** Where the parts of a packed value lie. Whatever the bytes are, no part is larger than they are, and no two parts overlap. */
export class PartTable {
  readonly count: number;
  readonly #packed: Uint8Array;
  readonly #sizeBytes: number;
  readonly #view: DataView;
  readonly #kind: number;
  readonly #width: number;
  readonly #dataAt: number;

  /**
   * `sizeBytes`: of the whole value, if `packed` is only its beginning, with the whole table. Throws `RangeError` if there is no room for
   * the table that the bytes announce.
   */
  constructor(packed: Uint8Array, sizeBytes = packed.byteLength) {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    this.#packed = packed;
    this.#sizeBytes = sizeBytes;
    this.#view = view;
    if (packed.byteLength < HEADER_BYTES) throw new RangeError(`Cannot unpack: ${packed.byteLength} bytes are no value of parts`);
    this.#kind = packed[1]!;
    this.#width = packed[2]!;
    this.count = view.getUint32(4, true);
    if (this.#kind > LIST_WITH_FIELDS || (this.#width !== 4 && this.#width !== 8))
      throw new RangeError('Cannot unpack: an unknown kind of parts');
    this.#dataAt = tableEnd(packed);
    if (this.#dataAt > packed.byteLength) throw new RangeError(`Cannot unpack: ${packed.byteLength} bytes cannot hold ${this.count} parts`);
  }

  /** Whether it is a record. */
  get isRecord(): boolean {
    return this.#kind === RECORD;
  }

  /** What stands besides the parts, packed. Throws `RangeError` if it should be there and is not. */
  get beside(): { readonly are: 'keys' | 'fields'; readonly bytes: Uint8Array } | undefined {
    if (this.#kind === LIST) return undefined;
    return { are: this.#kind === RECORD ? 'keys' : 'fields', bytes: this.bytesAt(this.count) };
  }

  /** Returns the bytes of a part, a view. Throws `RangeError` for a part that is not there. */
  bytesAt(part: number): Uint8Array {
    return this.#packed.subarray(...this.rangeAt(part));
  }

  /** Returns where a part begins and ends. Throws likewise. */
  rangeAt(part: number): readonly [from: number, to: number] {
    const begin = part === 0 ? 0 : this.#endOf(part - 1);
    const end = this.#endOf(part);
    if (!(begin >= 0 && begin < end && end <= this.#sizeBytes - this.#dataAt))
      throw new RangeError(`Cannot unpack: part ${part} is not there`);
    return [this.#dataAt + begin, this.#dataAt + end];
  }

  /**
   * Opens all parts, each with `open`. A record or array is made of them, new at each call. Throws `RangeError` if the bytes are damaged.
   */
  openAll(open: (part: Uint8Array) => unknown): object {
    const { count } = this;
    const parts = count + (this.#kind === LIST ? 0 : 1);
    if ((parts === 0 ? 0 : this.#endOf(parts - 1)) !== this.#packed.byteLength - this.#dataAt)
      throw new RangeError('Cannot unpack: the parts are not as long as their table says');
    const values: unknown[] = [];
    for (let part = 0; part < count; part += 1) {
      const bytes = this.bytesAt(part);
      values.push(isScalar(bytes) ? unpackScalar(bytes) : open(bytes));
    }
    return this.#kind === LIST ? values : assembled(values, this.#besides(open));
  }

  #besides(open: (part: Uint8Array) => unknown): Beside {
    const beside = open(this.bytesAt(this.count));
    if (this.#kind === LIST_WITH_FIELDS) return { fields: beside as object };
    const isWhole = Array.isArray(beside) && beside.length === this.count && beside.every((key) => typeof key === 'string');
    if (!isWhole) throw new RangeError('Cannot unpack: a record without its keys');
    return { keys: beside as readonly string[] };
  }

  #endOf(part: number): number {
    const at = HEADER_BYTES + this.#width * part;
    return this.#width === 4 ? this.#view.getUint32(at, true) : this.#view.getFloat64(at, true);
  }
}

/** Opens a value of parts, `open` those that are none. Throws `RangeError` if the bytes are damaged. */
export function unpackParts(packed: Uint8Array, open: (part: Uint8Array) => unknown, done: (whole: object) => void, level = 0): unknown {
  if (level > MOST_LEVELS) throw new RangeError('Cannot unpack: it is nested too deeply');
  const whole = new PartTable(packed).openAll((part) => (isOfParts(part) ? unpackParts(part, open, done, level + 1) : open(part)));
  done(whole);
  return whole;
}

/** What stands besides the parts of a value: the keys of a record, or further properties of an array. Neither for most arrays. */
export interface Beside {
  readonly keys?: readonly string[] | undefined;
  readonly fields?: object | undefined;
}

/** Returns the record or array of these parts. An array without further properties is returned as it is. */
export function assembled(values: unknown[], { keys, fields }: Beside): object {
  if (keys) {
    const record = {};
    for (const [at, key] of keys.entries()) define(record, key, values[at]);
    return record;
  }
  if (fields) for (const key of Object.keys(fields)) define(values, key, (fields as Record<string, unknown>)[key]);
  return values;
}

function define(target: object, key: string, value: unknown): void {
  // In an array `length` is no property that can be set to anything.
  if (Array.isArray(target) && (key === 'length' || /^\d+$/.test(key))) return;
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}

/** Returns the bytes of one part of a packed value of parts. Throws `RangeError` if it is not there. */
export function partBytes(packed: Uint8Array, place: number): Uint8Array {
  const table = new PartTable(packed);
  if (!Number.isInteger(place) || place < 0 || place >= table.count) throw new RangeError(`it has no part ${place}`);
  return table.bytesAt(place);
}
