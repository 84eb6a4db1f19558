import { HandoffError, isWellFormed } from '../../base/index.js';

/** Enough that the calls of the hash cost nothing, and little enough for the caches of the processor. */
const BUFFER_BYTES = 32 * 1024;
const NOTHING = Buffer.allocUnsafeSlow(0);

/** Texts are written in pieces, characters: each takes at most three bytes. */
export const PIECE_LENGTH = 4096;
/** Up to so many characters a text is written here; from there on Node is faster. */
const SHORT_LENGTH = 40;

/** Each thing in the text begins with its tag, and says how long it is before it goes on: no two values are written alike. */
export const TAG = {
  undefined: 1,
  null: 2,
  true: 3,
  false: 4,
  number: 5,
  bigint: 6,
  text: 7,
  brokenText: 8,
  holes: 9,
  object: 10,
  named: 11,
} as const;

/** Writes primitives and counts as bytes. Hands them on to a sink in pieces; without one it keeps them all. */
export class CanonicalBytes {
  /** Counted down by what is written, for a caller that works in steps. */
  left = 0;
  readonly #sink: Sink | undefined;
  #buffer: Buffer = NOTHING;
  #view = new DataView(NOTHING.buffer);
  #at = 0;

  constructor(sink?: Sink) {
    this.#sink = sink;
  }

  /** How many bytes there are that were not handed on. */
  get length(): number {
    return this.#at;
  }

  /** Those from a place on; theirs only until more is written. */
  bytesFrom(start: number): Uint8Array {
    return this.#buffer.subarray(start, this.#at);
  }

  /** Writes what is no object, with its tag. Throws `HANDOFF_NOT_SERIALIZABLE` for a function or a symbol. */
  primitive(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.taggedNumber(value);
        return;
      case 'string':
        this.text(value);
        return;
      case 'boolean':
        this.tag(value ? TAG.true : TAG.false);
        return;
      case 'undefined':
        this.tag(TAG.undefined);
        return;
      case 'bigint':
        this.tag(TAG.bigint);
        this.text(value.toString(16));
        return;
      case 'object':
        this.tag(TAG.null);
        return;
      default:
        throw new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot take a digest: a ${typeof value} is not a value`);
    }
  }

  /** Writes a text, however long, with its tag. */
  text(value: string): void {
    const { length } = value;
    if (length <= SHORT_LENGTH) {
      const buffer = this.#room(5 + SHORT_LENGTH);
      let at = this.#at + 5;
      let isShort = true;
      for (let k = 0; k < length && isShort; k += 1) {
        const code = value.charCodeAt(k);
        buffer[at++] = code;
        isShort = code < 0x80;
      }
      if (isShort) {
        this.tagged(TAG.text, length);
        this.#at = at;
        return;
      }
    }
    const isWhole = this.beginText(value);
    for (let at = 0; at < length; ) at = this.piece(value, at, isWhole);
  }

  /** Begins a text whose characters follow by `piece`. Returns whether it is well-formed: else UTF-8 would lose something. */
  beginText(value: string): boolean {
    const isWhole = isWellFormed(value);
    this.tag(isWhole ? TAG.text : TAG.brokenText);
    this.count(value.length);
    return isWhole;
  }

  /** Writes some characters from `at` on, and returns where they end. */
  piece(value: string, at: number, isWhole: boolean): number {
    let end = Math.min(at + PIECE_LENGTH, value.length);
    // Both halves of a pair go together.
    if (end < value.length && (value.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1;
    const buffer = this.#room(3 * (end - at));
    const written = buffer.write(end - at === value.length ? value : value.slice(at, end), this.#at, isWhole ? 'utf8' : 'utf16le');
    this.#at += written;
    this.left -= written;
    return end;
  }

  /** Writes eight bytes. */
  number(value: number): void {
    this.#room(8);
    // A NaN has many forms, that nobody can tell apart.
    this.#view.setFloat64(this.#at, Number.isNaN(value) ? Number.NaN : value, true);
    this.#at += 8;
  }

  /** Writes a number as `primitive` does. */
  taggedNumber(value: number): void {
    this.#room(9)[this.#at] = TAG.number;
    this.#view.setFloat64(this.#at + 1, Number.isNaN(value) ? Number.NaN : value, true);
    this.#at += 9;
  }

  /** Writes four bytes. */
  count(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Writes one byte. */
  tag(tag: number): void {
    this.#room(1)[this.#at++] = tag;
  }

  /** Writes a tag, and four bytes. */
  tagged(tag: number, value: number): void {
    this.#room(5)[this.#at] = tag;
    this.#view.setUint32(this.#at + 1, value, true);
    this.#at += 5;
  }

  /** The buffer, with so many bytes left. */
  #room(bytes: number): Buffer {
    if (this.#at + bytes <= this.#buffer.byteLength) return this.#buffer;
    if (this.#sink && this.#buffer.byteLength > 0) {
      this.flush();
      return this.#buffer;
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, 2 * this.#buffer.byteLength, this.#at + bytes));
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
    return grown;
  }

  /** Hands on what was written. `isLast`: nothing follows. */
  flush(isLast = false): void {
    if (this.#at > 0) this.#sink?.(this.bytesFrom(0), isLast);
    this.#at = 0;
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (this.#sink) {
      this.flush();
      this.#sink(bytes, false);
    } else {
      this.#room(bytes.byteLength).set(bytes, this.#at);
      this.#at += bytes.byteLength;
    }
  }

  /** Takes back all but the first bytes of those that were not handed on. */
  truncate(length: number): void {
    this.#at = length;
  }
}

/** Takes what is written; the bytes are the sink's only until it returns. `isLast`: it is known that nothing follows. */
export type Sink = (bytes: Uint8Array, isLast: boolean) => void;
