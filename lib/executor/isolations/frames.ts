import { Deserializer, Serializer } from 'node:v8';

/** The beginning of each frame. Bytes that begin otherwise were written by other code. */
const MAGIC = 0x48_44_41_47;

/** The size of the magic number and of the head's length, bytes. */
const HEADER_BYTES = 8;

/** Bytes of at least this size follow the head, and are neither written nor read twice. */
const APART_FROM_BYTES = 16 * 1024;

/** Methods of V8's serializers that Node documents and its types lack. */
interface HostObjects {
  _setTreatArrayBufferViewsAsHostObjects(treats: boolean): void;
}

class HeadWriter extends Serializer {
  readonly apart: Uint8Array[] = [];

  constructor() {
    super();
    (this as unknown as HostObjects)._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(bytes: Uint8Array): void {
    const { byteLength } = bytes;
    this.writeDouble(byteLength);
    if (byteLength < APART_FROM_BYTES) this.writeRawBytes(bytes);
    else this.apart.push(bytes);
  }
}

class HeadReader extends Deserializer {
  readonly apart: Uint8Array[] = [];

  _readHostObject(): Uint8Array {
    const byteLength = this.readDouble();
    // Small ones get memory of their own too: a view is passed on with all of its memory.
    if (byteLength < APART_FROM_BYTES) return new Uint8Array(this.readRawBytes(byteLength));
    const bytes = new Uint8Array(byteLength);
    this.apart.push(bytes);
    return bytes;
  }
}

/**
 * Returns a message as a frame, in parts to be written one after the other: a head, then each large `Uint8Array` of the message as it is.
 * The message must not contain other views or buffers.
 */
export function frameOf(message: unknown): readonly Uint8Array[] {
  const writer = new HeadWriter();
  writer.writeHeader();
  writer.writeValue(message);
  const head = writer.releaseBuffer();
  const first = new Uint8Array(HEADER_BYTES + head.byteLength);
  const view = new DataView(first.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, head.byteLength);
  first.set(head, HEADER_BYTES);
  return [first, ...writer.apart];
}

/** Reads frames from the chunks of a stream. Calls `heard` with each message as soon as it is complete. */
export class FrameReader {
  readonly #heard: (message: unknown) => void;
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** The part being filled: the header, a head, or the bytes after it. */
  #target: Uint8Array = this.#header;
  #filled = 0;
  #isInHeader = true;
  #whole: { readonly message: unknown; readonly apart: readonly Uint8Array[]; next: number } | undefined;

  constructor(heard: (message: unknown) => void) {
    this.#heard = heard;
  }

  /** Throws for bytes that are no frame. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength) {
      const taken = Math.min(chunk.byteLength - at, this.#target.byteLength - this.#filled);
      this.#target.set(chunk.subarray(at, at + taken), this.#filled);
      at += taken;
      this.#filled += taken;
      if (this.#filled === this.#target.byteLength) this.#full();
    }
  }

  #full(): void {
    if (this.#isInHeader) {
      const view = new DataView(this.#header.buffer);
      if (view.getUint32(0) !== MAGIC) throw new Error('received bytes that are no frame');
      this.#isInHeader = false;
      this.#fill(new Uint8Array(view.getUint32(4)));
      return;
    }
    if (!this.#whole) {
      const reader = new HeadReader(this.#target);
      reader.readHeader();
      this.#whole = { message: reader.readValue(), apart: reader.apart, next: 0 };
    }
    const { message, apart, next } = this.#whole;
    if (next < apart.length) {
      this.#whole.next += 1;
      this.#fill(apart[next]!);
      return;
    }
    this.#whole = undefined;
    this.#isInHeader = true;
    this.#fill(this.#header);
    this.#heard(message);
  }

  #fill(target: Uint8Array): void {
    this.#target = target;
    this.#filled = 0;
  }
}
