// Brain: pure.
const MORE = 0x80;
const FLOAT_BYTES = 8;

/**
 * Reads the entries of a group one after the other, without an object for each. Throws a `RangeError` for bytes that a `GroupBuffer` did
 * not write, which the checksum of a group detects first.
 */
export class GroupReader {
  readonly #group: Uint8Array;
  readonly #view: DataView;
  /** What is read next, and where the present entry ends. */
  #at = 0;
  #end = 0;
  /** Of the present entry. */
  kind = 0;
  index = 0;

  constructor(group: Uint8Array) {
    this.#group = group;
    this.#view = new DataView(group.buffer, group.byteOffset, group.byteLength);
  }

  /** Goes on to the next entry, if there is one. */
  next(): boolean {
    this.#at = this.#end;
    if (this.#at === this.#group.length) return false;
    this.#end = this.#group.length;
    this.kind = this.byte();
    this.index = this.number();
    const length = this.number();
    this.#need(length);
    this.#end = this.#at + length;
    return true;
  }

  byte(): number {
    this.#need(1);
    return this.#group[this.#at++]!;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= MORE) {
      if (scale > Number.MAX_SAFE_INTEGER) throw new RangeError(`Cannot unpack a group: the number at byte ${this.#at} is too long`);
      const byte = this.byte();
      value += (byte % MORE) * scale;
      if (byte < MORE) return value;
    }
  }

  float(): number {
    this.#need(FLOAT_BYTES);
    this.#at += FLOAT_BYTES;
    return this.#view.getFloat64(this.#at - FLOAT_BYTES);
  }

  /** Where what has not been read of the entry begins in the group. */
  get at(): number {
    return this.#at;
  }

  /** Where the entry ends in the group. */
  get end(): number {
    return this.#end;
  }

  /** Returns so many bytes, as a view of the group. */
  bytes(size: number): Uint8Array {
    this.#need(size);
    this.#at += size;
    return this.#group.subarray(this.#at - size, this.#at);
  }

  /** Returns what is left of the entry, as a view of the group. */
  rest(): Uint8Array {
    return this.bytes(this.#end - this.#at);
  }

  #need(size: number): void {
    if (this.#at + size <= this.#end) return;
    throw new RangeError(`Cannot unpack a group: ${size} bytes are missing at byte ${this.#at} of ${this.#group.length}`);
  }
}
