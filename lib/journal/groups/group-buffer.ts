import { memoryOf, writeScalar } from '../../value/index.js';

const FIRST_BYTES = 4 * 1024;
/** The longest varint of a number below 2^53, bytes. */
const LONGEST_VARINT = 8;
const FLOAT_BYTES = 8;
const LOW_BITS = 0x7f;
const MORE = 0x80;

/**
 * The entries of a group that is being collected, written in place. An object and an array of bytes for each entry would cost more than
 * all else that records it. An entry is a kind, an index and its content, some 3 to 6 bytes beside the content.
 */
export class GroupBuffer {
  #bytes: Uint8Array;
  #view: DataView;
  /** Where the next byte goes. */
  #at = 0;
  /** Where the content of the entry that is being written begins: behind one byte for its length. */
  #contentAt = 0;
  /** Memory that was taken and given back. */
  #spare: Uint8Array | undefined;

  constructor(sizeBytes = FIRST_BYTES) {
    this.#bytes = memoryOf(sizeBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** How many bytes the entries have so far. */
  get length(): number {
    return this.#at;
  }

  /**
   * Begins an entry; its content follows, then `end`. `kind`: 0 to 127, the runner's own. `index`: the number of a function, from 0; 0 if
   * the entry belongs to none.
   */
  begin(kind: number, index: number): void {
    this.#reserve(2 + LONGEST_VARINT);
    this.#bytes[this.#at++] = kind;
    this.#at = this.#number(index, this.#at);
    this.#contentAt = ++this.#at;
  }

  /** Writes 0 to 255. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** Writes an integer from 0 up; small ones take one byte. */
  number(value: number): void {
    this.#reserve(LONGEST_VARINT);
    this.#at = this.#number(value, this.#at);
  }

  float(value: number): void {
    this.#reserve(FLOAT_BYTES);
    this.#view.setFloat64(this.#at, value);
    this.#at += FLOAT_BYTES;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a primitive of so many bytes (`scalarBytes`) as packing it would. */
  scalar(value: unknown, sizeBytes: number): void {
    this.#reserve(sizeBytes);
    this.#at = writeScalar(value, this.#bytes, this.#at);
  }

  /** Ends an entry: puts its length before its content. */
  end(): void {
    const length = this.#at - this.#contentAt;
    if (length <= LOW_BITS) {
      this.#bytes[this.#contentAt - 1] = length;
      return;
    }
    this.#reserve(LONGEST_VARINT);
    const before = varintBytes(length) - 1;
    this.#bytes.copyWithin(this.#contentAt + before, this.#contentAt, this.#at);
    this.#number(length, this.#contentAt - 1);
    this.#at += before;
  }

  /** Returns the group, and begins the next one. Its memory is used again only after `giveBack`. */
  take(): Uint8Array {
    const group = this.#bytes.subarray(0, this.#at);
    this.#use(this.#spare ?? memoryOf(this.#bytes.length));
    this.#spare = undefined;
    return group;
  }

  /** Nobody reads this group any more. */
  giveBack(group: Uint8Array): void {
    const whole = new Uint8Array(group.buffer);
    if (whole.length > this.#bytes.length && this.#at === 0) this.#use(whole);
    else if (whole.length >= this.#bytes.length) this.#spare = whole;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = 0;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const grown = memoryOf(Math.max(this.#bytes.length * 2, this.#at + size));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = viewOf(grown);
    this.#spare = undefined;
  }

  #number(value: number, from: number): number {
    let at = from;
    let rest = value;
    while (rest > LOW_BITS) {
      this.#bytes[at++] = (rest % MORE) + MORE;
      rest = Math.floor(rest / MORE);
    }
    this.#bytes[at++] = rest;
    return at;
  }
}

const viewOf = ({ buffer }: Uint8Array): DataView => new DataView(buffer);

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > LOW_BITS; rest = Math.floor(rest / MORE)) bytes += 1;
  return bytes;
}
