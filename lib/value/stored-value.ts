import { BINARY, binaryParts, HEADER_BYTES, isBinary, unpackBinary, withWholeHeader } from './binary.js';
import { type Survey, survey } from './check.js';
import { joined, opened, type Packed, packSurveyed, unpack } from './pack.js';
import { sharedMemory } from './shared-memory.js';

/** From this size on binary data is sent from where it lies, bytes. */
const UNCOPIED_FROM_BYTES = 64 * 1024;

/**
 * From this size on a value is put together as it comes, in memory that threads share, bytes: done at once it would hold up the loop, at
 * about 1 ms per MiB where the pages are new.
 */
const GATHERED_FROM_BYTES = 4 * 1024 * 1024;

/** What is left of a value that was given away. */
const NOTHING: readonly Uint8Array[] = [];

/** Where a value comes from: `results` are frozen where they are opened, what is the `caller`'s is not. */
export type Origin = 'result' | 'caller';

/** A value that is made anew at each opening keeps its bytes up to this size; a larger one is packed again for each that asks. */
const BYTES_KEPT = 64 * 1024;

/** How a value on this node is opened: as it is, as a copy of what only one user is to get, or made anew for each. */
type Form = 'shared' | 'original' | 'fresh' | 'packed';

/**
 * A value on this node, live or packed. It is packed at most once, whoever asks, and stays packed until somebody opens it; each opening of
 * a packed value is a copy of its own, a live one is handed on as it is. One that came for a single opener is given away instead.
 */
export class StoredValue {
  readonly origin: Origin;
  /** What it takes packed; for a live value an estimate. Does not change. */
  readonly sizeBytes: number;
  /** Of a `fresh` one, what makes it. */
  readonly #value: unknown;
  #packed: Packed | undefined;
  /** What came of it over the wire, until somebody wants it in one piece. The first holds the header of binary data whole. */
  #parts: readonly Uint8Array[] | undefined;
  readonly #form: Form;
  #isForOne = false;
  #isList = false;

  private constructor(origin: Origin, form: Form, value: unknown, packed: Packed | undefined, sizeBytes: number) {
    this.origin = origin;
    this.#form = form;
    this.#value = value;
    this.#packed = packed;
    this.sizeBytes = sizeBytes;
  }

  /** A value as it is, on this node's own loop. `sizeBytes` is what `check` found, or an estimate. */
  static live(value: unknown, sizeBytes: number, origin: Origin = 'result'): StoredValue {
    return new StoredValue(origin, 'shared', value, undefined, sizeBytes);
  }

  /**
   * A value with something inside that cannot be frozen, made for one user, who gets it as it is with `toOnlyUser`; whoever else opens it
   * gets a copy.
   */
  static original(value: unknown, sizeBytes: number): StoredValue {
    return new StoredValue('result', 'original', value, undefined, sizeBytes);
  }

  /** A value that `make` makes anew for each opener. */
  static fresh(make: () => unknown, sizeBytes: number, origin: Origin): StoredValue {
    return new StoredValue(origin, 'fresh', make, undefined, sizeBytes);
  }

  /** The same value, known as a list of values, as constants are: each of them may be as deep as a value may be. */
  asList(): this {
    this.#isList = true;
    return this;
  }

  /** A value that somebody has packed. */
  static packed(packed: Packed, origin: Origin = 'result'): StoredValue {
    return new StoredValue(origin, 'packed', undefined, packed, packed.byteLength);
  }

  /** A value that somebody has packed, and that came in parts. */
  static arrived(parts: readonly Uint8Array[], origin: Origin = 'result'): StoredValue {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const held = new StoredValue(origin, 'packed', undefined, undefined, sizeBytes);
    held.#parts = withWholeHeader(parts);
    return held;
  }

  /** Where a value is to be put together that comes bit by bit, so that there is nothing to join when it is whole; small ones need none. */
  static memory(sizeBytes: number): readonly Uint8Array[] | undefined {
    return sizeBytes >= GATHERED_FROM_BYTES ? [sharedMemory(sizeBytes)] : undefined;
  }

  /** The same for a value for one opener, which begins so: what is binary will be alone in its memory. */
  static memoryForExclusive(sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    if (begin?.[0] !== BINARY || sizeBytes < HEADER_BYTES) return StoredValue.memory(sizeBytes);
    return [new Uint8Array(HEADER_BYTES), Buffer.allocUnsafeSlow(sizeBytes - HEADER_BYTES)];
  }

  /**
   * As `arrived`, for somebody who is the only one to open it, and once: where it can be, it is opened without a copy. Afterwards it is
   * gone.
   */
  static exclusive(parts: readonly Uint8Array[], origin: Origin = 'result'): StoredValue {
    const held = StoredValue.arrived(parts, origin);
    held.#isForOne = true;
    return held;
  }

  /** Whether opening it costs the work of unpacking. */
  get isPacked(): boolean {
    return this.#form === 'packed' || this.#form === 'fresh';
  }

  /**
   * For its only user: opens to the value itself, once; asked again, to a copy of it. With `mayAskAgain` that is a copy of what it was
   * before the user had it, which takes packing it now.
   */
  toOnlyUser(mayAskAgain: boolean): StoredValue {
    if (this.#form !== 'original' || this.#isForOne) return this;
    if (mayAskAgain) this.pack('result');
    this.#isForOne = true;
    return StoredValue.live(this.#value, this.sizeBytes, this.origin);
  }

  /** The value as bytes, for another thread. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  pack(where: string): Packed {
    if (this.#parts) {
      this.#packed = joined(this.#kept(this.#parts), this.sizeBytes);
      this.#parts = undefined;
    }
    if (this.#packed) return this.#packed;
    const value = this.#form === 'fresh' ? (this.#value as () => unknown)() : this.#value;
    const found: Survey = survey(value, { where, freeze: false, isList: this.#isList });
    const packed = packSurveyed(value, found, where, true);
    if (this.#form !== 'fresh' || packed.byteLength <= BYTES_KEPT) this.#packed = packed;
    return packed;
  }

  /**
   * As `pack`, in parts that are to be sent and must not change until they have been: binary data is not copied for that. Throws as `pack`
   * does.
   */
  toParts(where: string): readonly Uint8Array[] {
    if (this.#parts) return this.#kept(this.#parts);
    if (!this.#packed && isBinary(this.#value) && this.sizeBytes >= UNCOPIED_FROM_BYTES) return binaryParts(this.#value);
    return [this.pack(where)];
  }

  /**
   * The value. With `freeze`, a packed result comes back frozen (live results were frozen when they were made), and what is for one user
   * alone is copied for others.
   */
  open(freeze: boolean): unknown {
    if (this.#form === 'shared' || (this.#form === 'original' && !freeze)) return this.#value;
    if (this.#form === 'fresh') return (this.#value as () => unknown)();
    const parts = this.#parts;
    if (parts?.[0]?.[0] === BINARY) {
      // What was given away may be changed by whoever has it: nobody else is to see it.
      if (this.#isForOne) this.#parts = NOTHING;
      return opened(() => unpackBinary(parts, this.#isForOne));
    }
    return unpack(this.pack(''), { freeze: freeze && this.origin === 'result' });
  }

  #kept(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    if (parts === NOTHING) throw new Error('a value is used again that was for one opener');
    return parts;
  }
}
