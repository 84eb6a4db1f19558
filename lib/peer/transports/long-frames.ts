import { MAX_FRAME_BYTES } from '../transport.js';

/** Frames from this size on bypass ws, bytes. */
const LONG_FROM_BYTES = 32 * 1024;

/** RFC 6455, 5.2. */
const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const CONTINUATION = 0;
const BINARY = 2;
const FIRST_CONTROL = 8;
const MASKED = 0x80;
const MASK_BYTES = 4;
const LENGTH_OF_16_BITS = 126;
const LENGTH_OF_64_BITS = 127;

/**
 * The bytes of a connection arrive here first, unless they belong to a long frame. One for all connections: it is empty again before the
 * next read.
 */
const SLAB = Buffer.allocUnsafeSlow(64 * 1024);

/** The most that is read at once, bytes: libuv reads 32 times before others have a turn. */
const READ_BYTES = 128 * 1024;

const BLANK = Buffer.from('\r\n\r\n');

interface Head {
  readonly first: number;
  readonly bytes: number;
  readonly payloadBytes: number;
  /** The mask before the payload; `undefined` if it is not masked. */
  readonly mask: Uint8Array | undefined;
}

/**
 * Stands between a connection and ws. It reads the payload of each long binary frame, the last of its message, into memory of its own, and
 * leaves an empty frame in its place. ws would collect the payload in the pieces in which it came and then copy it: half of the cost of
 * receiving. Short or irregular frames pass to ws unchanged; ws judges them.
 */
export class LongFrames {
  readonly #isServer: boolean;
  /** How much of the end of the HTTP response before the frames has come. */
  #blank: number;
  /** Receives the bytes that ws is to read, `null` at the end; it owns them. Returns whether more may come. */
  pass: (bytes: Buffer | null) => boolean = () => true;
  /** Whether long frames bypass ws. */
  isOpen = false;
  /** The beginning of an incomplete head. */
  #beginning: Buffer | undefined;
  /** How many bytes of the current frame ws must still read. */
  #leftBytes = 0;
  #long: { readonly head: Head; readonly payload: Uint8Array; at: number } | undefined;
  /** Complete messages that ws has received, and those that it has reported. */
  #passed = 0;
  #told = 0;
  readonly #payloads: { readonly message: number; readonly payload: Uint8Array }[] = [];

  /** A client first receives the response to its request. */
  constructor(isServer: boolean) {
    this.#isServer = isServer;
    this.#blank = isServer ? BLANK.length : 0;
  }

  /** The memory that the next bytes must be read into. Then call `came` with their number. */
  get room(): Uint8Array {
    return this.#long ? this.#long.payload.subarray(this.#long.at, this.#long.at + READ_BYTES) : SLAB;
  }

  /** Processes bytes read into `room`. Returns whether more may come. */
  came(bytes: number, room: Uint8Array): boolean {
    if (room === SLAB) return this.read(SLAB.subarray(0, bytes));
    this.#long!.at += bytes;
    return this.#endLong();
  }

  /** Processes bytes that were read elsewhere, by copying them. Returns whether more may come. */
  read(bytes: Buffer): boolean {
    let mayGoOn = true;
    const chunk = this.#beginning ? Buffer.concat([this.#beginning, bytes]) : bytes;
    this.#beginning = undefined;
    let from = 0;
    let at = 0;
    for (; this.#blank < BLANK.length && at < chunk.length; at += 1) {
      if (chunk[at] === BLANK[this.#blank]) this.#blank += 1;
      else this.#blank = chunk[at] === BLANK[0] ? 1 : 0;
    }
    while (at < chunk.length) {
      if (this.#long) {
        const { payload } = this.#long;
        const count = Math.min(payload.length - this.#long.at, chunk.length - at);
        payload.set(chunk.subarray(at, at + count), this.#long.at);
        this.#long.at += count;
        at += count;
        from = at;
        mayGoOn = this.#endLong();
      } else if (this.#leftBytes > 0) {
        const count = Math.min(this.#leftBytes, chunk.length - at);
        this.#leftBytes -= count;
        at += count;
      } else {
        const head = headAt(chunk, at);
        if (!head) {
          this.#beginning = Buffer.from(chunk.subarray(at));
          break;
        }
        if (this.#isLong(head)) {
          if (at > from) this.#passOn(chunk, from, at);
          this.#long = { head, payload: memory(head.payloadBytes), at: 0 };
          at += head.bytes;
          from = at;
        } else {
          this.#leftBytes = head.bytes + head.payloadBytes;
          if ((head.first & FIN) !== 0 && (head.first & OPCODE) < FIRST_CONTROL) this.#passed += 1;
        }
      }
    }
    if (!this.#long && at > from) mayGoOn = this.#passOn(chunk, from, at);
    return mayGoOn;
  }

  /** Returns the parts of the message that ws reports now, with the bypassed payload at its end. */
  whole(parts: Buffer[]): readonly Uint8Array[] {
    this.#told += 1;
    if (this.#payloads[0]?.message !== this.#told) return parts;
    return [...parts, this.#payloads.shift()!.payload];
  }

  #isLong({ first, payloadBytes, mask }: Head): boolean {
    const opcode = first & OPCODE;
    const isLast = (first & FIN) !== 0 && (first & RESERVED) === 0 && (opcode === BINARY || opcode === CONTINUATION);
    const isOfLength = payloadBytes >= LONG_FROM_BYTES && payloadBytes <= MAX_FRAME_BYTES;
    return this.isOpen && isLast && isOfLength && (mask !== undefined) === this.#isServer;
  }

  #endLong(): boolean {
    const { head, payload, at } = this.#long!;
    if (at < payload.length) return true;
    this.#long = undefined;
    if (head.mask?.some((byte) => byte !== 0)) for (let one = 0; one < at; one += 1) payload[one]! ^= head.mask[one % MASK_BYTES]!;
    this.#passed += 1;
    this.#payloads.push({ message: this.#passed, payload });
    const empty = Buffer.alloc(head.mask ? 2 + MASK_BYTES : 2);
    empty[0] = head.first;
    if (head.mask) empty[1] = MASKED;
    return this.pass(empty);
  }

  #passOn(chunk: Buffer, from: number, to: number): boolean {
    return this.pass(Buffer.from(chunk.subarray(from, to)));
  }
}

/**
 * The size of the hint, bytes. The C library returns freed memory to the system, which then makes each megabyte anew, page by page: twice
 * the cost of reading it. glibc learns from the largest mapping that was ever freed that such memory will be needed again (mallopt(3),
 * M_MMAP_THRESHOLD).
 */
const HINT_BYTES = 31 * 1024 * 1024;
let isHinted = false;

function memory(bytes: number): Buffer {
  if (!isHinted) {
    isHinted = true;
    // Never written, so it takes no memory, and is garbage at once.
    Buffer.allocUnsafeSlow(HINT_BYTES);
  }
  return Buffer.allocUnsafeSlow(bytes);
}

function headAt(chunk: Buffer, at: number): Head | undefined {
  const leftBytes = chunk.length - at;
  if (leftBytes < 2) return undefined;
  const second = chunk[at + 1]!;
  const isMasked = (second & MASKED) !== 0;
  const short = second & ~MASKED;
  const lengthBytes = short === LENGTH_OF_64_BITS ? 8 : short === LENGTH_OF_16_BITS ? 2 : 0;
  const bytes = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
  if (leftBytes < bytes) return undefined;
  let payloadBytes = short;
  if (lengthBytes === 2) payloadBytes = chunk.readUInt16BE(at + 2);
  else if (lengthBytes === 8) payloadBytes = Number(chunk.readBigUInt64BE(at + 2));
  const mask = isMasked ? new Uint8Array(chunk.subarray(at + bytes - MASK_BYTES, at + bytes)) : undefined;
  return { first: chunk[at]!, bytes, payloadBytes, mask };
}
