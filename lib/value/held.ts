import { BINARY, binaryParts, HEADER_BYTES, isBinary, unpackBinary, withWholeHeader } from './binary.js';
import { type Survey, survey } from './check.js';
import { joined, type Packed, packSurveyed, unpack } from './pack.js';
import { sharedMemory } from './shared-memory.js';

/** From this size on binary data is sent from where it lies, bytes. */
const UNCOPIED_FROM_BYTES = 64 * 1024;

/**
 * From this size on a value is put together as it comes, in memory that threads share, bytes: done at once it would hold up the loop, at about 1 ms per MiB
 * where the pages are new.
 */
const GATHERED_FROM_BYTES = 4 * 1024 * 1024;

/** What is left of a value that was given away. */
const NOTHING: readonly Uint8Array[] = [];

/** Where a value comes from: `results` are frozen where they are opened, what is the `caller`'s is not. */
export type Origin = 'result' | 'caller';

/**
 * A value on this node, live or packed. It is packed at most once, whoever asks, and stays packed until somebody opens it; each opening of
 * a packed value is a copy of its own, a live one is handed on as it is. One that came for a single opener is given away instead.
 */
export class Held {
  readonly origin: Origin;
  /** What it takes packed; for a live value an estimate. Does not change. */
  readonly sizeBytes: number;
  readonly #value: unknown;
  #packed: Packed | undefined;
  /** What came of it over the wire, until somebody wants it in one piece. The first holds the header of binary data whole. */
  #parts: readonly Uint8Array[] | undefined;
  readonly #isLive: boolean;
  #isForOne = false;

  private constructor(origin: Origin, isLive: boolean, value: unknown, packed: Packed | undefined, sizeBytes: number) {
    this.origin = origin;
    this.#isLive = isLive;
    this.#value = value;
    this.#packed = packed;
    this.sizeBytes = sizeBytes;
  }

  /** A value as it is, on this node's own loop. `sizeBytes` is what `check` found, or an estimate. */
  static live(value: unknown, sizeBytes: number, origin: Origin = 'result'): Held {
    return new Held(origin, true, value, undefined, sizeBytes);
  }

  /** A value that somebody has packed. */
  static packed(packed: Packed, origin: Origin = 'result'): Held {
    return new Held(origin, false, undefined, packed, packed.byteLength);
  }

  /** A value that somebody has packed, and that came in parts. */
  static arrived(parts: readonly Uint8Array[], origin: Origin = 'result'): Held {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const held = new Held(origin, false, undefined, undefined, sizeBytes);
    held.#parts = withWholeHeader(parts);
    return held;
  }

  /** Where a value is to be put together that comes bit by bit, so that there is nothing to join when it is whole; small ones need none. */
  static memory(sizeBytes: number): readonly Uint8Array[] | undefined {
    return sizeBytes >= GATHERED_FROM_BYTES ? [sharedMemory(sizeBytes)] : undefined;
  }

  /** The same for a value for one opener, which begins so: what is binary will be alone in its memory. */
  static memoryForOne(sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    if (begin?.[0] !== BINARY || sizeBytes < HEADER_BYTES) return Held.memory(sizeBytes);
    return [new Uint8Array(HEADER_BYTES), Buffer.allocUnsafeSlow(sizeBytes - HEADER_BYTES)];
  }

  /** As `arrived`, for somebody who is the only one to open it, and once: where it can be, it is opened without a copy. Afterwards it is gone. */
  static forOne(parts: readonly Uint8Array[], origin: Origin = 'result'): Held {
    const held = Held.arrived(parts, origin);
    held.#isForOne = true;
    return held;
  }

  /** Whether opening it costs the work of unpacking. */
  get isPacked(): boolean {
    return !this.#isLive;
  }

  /** The value as bytes, for another thread. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  pack(where: string): Packed {
    if (this.#parts) {
      this.#packed = joined(this.#kept(this.#parts), this.sizeBytes);
      this.#parts = undefined;
    }
    if (!this.#packed) {
      const found: Survey = survey(this.#value, { where, freeze: false });
      this.#packed = packSurveyed(this.#value, found, where, true);
    }
    return this.#packed;
  }

  /** As `pack`, in parts that are to be sent and must not change until they have been: binary data is not copied for that. Throws as `pack` does. */
  toParts(where: string): readonly Uint8Array[] {
    if (this.#parts) return this.#kept(this.#parts);
    if (!this.#packed && this.#isLive && isBinary(this.#value) && this.sizeBytes >= UNCOPIED_FROM_BYTES) return binaryParts(this.#value);
    return [this.pack(where)];
  }

  /** The value. With `freeze`, a packed result comes back frozen; live results were frozen when they were made. */
  open(freeze: boolean): unknown {
    if (this.#isLive) return this.#value;
    const parts = this.#parts;
    if (parts?.[0]?.[0] === BINARY) {
      // What was given away may be changed by whoever has it: nobody else is to see it.
      if (this.#isForOne) this.#parts = NOTHING;
      return unpackBinary(parts, this.#isForOne);
    }
    return unpack(this.pack(''), { freeze: freeze && this.origin === 'result' });
  }

  #kept(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    if (parts === NOTHING) throw new Error('a value is used again that was for one opener');
    return parts;
  }
}
