import { BINARY, binaryParts, HEADER_BYTES, isBinary, unpackBinary, withWholeHeader } from './binary.js';
import { freezeDeep, type Survey, surfaceSize, survey } from './check.js';
import { joined, opened, type Packed, pack, packSurveyed, unpack } from './pack.js';
import { PartList, type PartsBeside } from './part-list.js';
import { isOfParts, PartTable } from './part-table.js';
import { isScalar, scalarBytes, unpackScalar } from './scalar.js';
import { sharedMemory } from './shared-memory.js';
import { smallCopy } from './small-copy.js';

/** From this size on binary data is sent without a copy, bytes. */
const UNCOPIED_FROM_BYTES = 64 * 1024;

/**
 * From this size on a value is assembled as it arrives, in memory that threads share, bytes. Assembling it at the end would block the loop,
 * at about 1 ms per MiB of new pages.
 */
const GATHERED_FROM_BYTES = 4 * 1024 * 1024;

/** The content of a value that was given away. */
const NOTHING: readonly Uint8Array[] = [];

/** A value that is made anew at each opening keeps its bytes up to this size. A larger one is packed again for each reader. */
const BYTES_KEPT = 64 * 1024;

/** What the table of a value of parts takes for each of them, bytes. */
const TABLE_BYTES = 4;

/** A part of a packed value lies in memory of its own up to this size. A longer one is a view, if threads can read its memory. */
const OWN_BYTES = 16 * 1024;

/** How a value is opened: as it is, as a copy unless the reader is its only user, made anew for each reader, by its parts, or unpacked. */
type Form = 'shared' | 'original' | 'fresh' | 'parts' | 'packed';

/**
 * A value on this node, live or packed. It is packed at most once, and stays packed until it is opened. Each opening of a packed value
 * returns a new copy; a live one is returned as it is. A value that came for a single reader is given away instead.
 */
export class StoredValue {
  readonly origin: Origin;
  /** The packed size in bytes; for a live value an estimate. Does not change. */
  readonly sizeBytes: number;
  /** For a `fresh` value, the function that makes it; for one of parts, their list. */
  readonly #value: unknown;
  #packed: Packed | undefined;
  /** The parts that came over the wire, until they are needed in one piece. The first one holds the whole header of binary data. */
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

  /** Whether it really is one: not a Proxy of one, nor an object with its prototype. Never throws. */
  static is(given: unknown): given is StoredValue {
    return typeof given === 'object' && given !== null && #form in given;
  }

  /** Returns a live value, on this node's own loop. `sizeBytes` is what `check` returned, or an estimate. */
  static live(value: unknown, sizeBytes: number, origin: Origin = 'result'): StoredValue {
    return new StoredValue(origin, 'shared', value, undefined, sizeBytes);
  }

  /**
   * Returns a value that cannot be frozen whole and was made for one user. That user gets the original with `toOnlyUser`; any other reader
   * gets a copy.
   */
  static original(value: unknown, sizeBytes: number): StoredValue {
    return new StoredValue('result', 'original', value, undefined, sizeBytes);
  }

  /** Returns a value that `make` makes anew for each reader. */
  static fresh(make: () => unknown, sizeBytes: number, origin: Origin): StoredValue {
    return new StoredValue(origin, 'fresh', make, undefined, sizeBytes);
  }

  /**
   * Returns an array of independent values, or with `keys` a record of them: a value that is packed and opened part by part. Its parts may
   * be of parts themselves.
   */
  static ofParts(parts: readonly StoredValue[], keys?: readonly string[], origin: Origin = 'result'): StoredValue {
    const slots = parts.map((part) => (part.#form === 'shared' && isPrimitive(part.#value) ? part.#value : part));
    return StoredValue.ofSlots(slots, { keys }, origin);
  }

  /** The same for parts of which each is a primitive, a value that is held, or a frozen object, copied when it is asked for. */
  static ofSlots(slots: readonly unknown[], beside: PartsBeside<StoredValue>, origin: Origin, sizeBytes?: number): StoredValue {
    const list = new PartList(slots, HOLDING, beside);
    return new StoredValue(origin, 'parts', list, undefined, sizeBytes ?? sizeOfSlots(slots));
  }

  /** The value of a function that has none: one that was not taken, or is optional and has failed. */
  static readonly nothing = StoredValue.live(undefined, scalarBytes(undefined));

  /** The same value marked as a list of values, as constants are. Each of them may be as deep as a value may be. */
  asList(): this {
    this.#isList = true;
    return this;
  }

  /** Returns a value that has been packed. */
  static packed(packed: Packed, origin: Origin = 'result'): StoredValue {
    return new StoredValue(origin, 'packed', undefined, packed, packed.byteLength);
  }

  /** Returns a packed result that lies in memory which holds other things too: a copy, or a live one if it needs no serializer. */
  static packedAmong(packed: Packed): StoredValue {
    return isScalar(packed)
      ? StoredValue.live(
          opened(() => unpackScalar(packed)),
          packed.byteLength,
        )
      : StoredValue.packed(packed.slice());
  }

  /** Returns a packed value that came in parts. */
  static arrived(parts: readonly Uint8Array[], origin: Origin = 'result'): StoredValue {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const held = new StoredValue(origin, 'packed', undefined, undefined, sizeBytes);
    held.#parts = withWholeHeader(parts);
    return held;
  }

  /**
   * Returns memory in which an arriving value is assembled, so that nothing needs to be joined at the end. Returns `undefined` for small
   * values.
   */
  static memory(sizeBytes: number): readonly Uint8Array[] | undefined {
    return sizeBytes >= GATHERED_FROM_BYTES ? [sharedMemory(sizeBytes)] : undefined;
  }

  /** The same for a value with one reader, which begins with `begin`: binary data will be alone in its memory. */
  static memoryForExclusive(sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    if (begin?.[0] !== BINARY || sizeBytes < HEADER_BYTES) return StoredValue.memory(sizeBytes);
    return [new Uint8Array(HEADER_BYTES), Buffer.allocUnsafeSlow(sizeBytes - HEADER_BYTES)];
  }

  /** Like `arrived`, for a value that is opened once only. If possible it is opened without a copy. Afterwards it is gone. */
  static exclusive(parts: readonly Uint8Array[], origin: Origin = 'result'): StoredValue {
    const held = StoredValue.arrived(parts, origin);
    held.#isForOne = true;
    return held;
  }

  /** Whether opening it means unpacking. */
  get isPacked(): boolean {
    return this.#form === 'packed' || this.#form === 'fresh' || (this.#form === 'parts' && !this.#list!.whole);
  }

  /** Whether it is of parts that are held one by one. Whether all of them can be packed is not known before they are. */
  get isHeldInParts(): boolean {
    return this.#form === 'parts';
  }

  /** How many independent parts it has; `undefined` if it is not of parts. Throws `HANDOFF_NOT_SERIALIZABLE` for damaged bytes. */
  get partCount(): number | undefined {
    const list = this.#list;
    if (list) return list.count;
    if (!this.#mayHaveParts()) return undefined;
    return opened(() => new PartTable(this.pack('')).count);
  }

  /**
   * Returns a part of a value of parts: an element of an array, or the value in that place of a record. No other part is opened. Throws
   * `HANDOFF_NOT_SERIALIZABLE` if it is not there.
   */
  partAt(place: number): StoredValue {
    const list = this.#list;
    if (list) return opened(() => list.at(place));
    const bytes = opened(() => {
      if (!this.#mayHaveParts()) throw new RangeError('it is not of parts');
      const table = new PartTable(this.pack(''));
      if (!Number.isInteger(place) || place < 0 || place >= table.count) throw new RangeError(`it has no part ${place}`);
      return table.bytesAt(place);
    });
    if (isScalar(bytes)) {
      return StoredValue.live(
        opened(() => unpackScalar(bytes)),
        bytes.byteLength,
        this.origin,
      );
    }
    const isView = bytes.byteLength >= OWN_BYTES && bytes.buffer instanceof SharedArrayBuffer;
    return StoredValue.packed(isView ? bytes : bytes.slice(), this.origin);
  }

  /** For a live primitive that is packed without a serializer, its packed size in bytes; 0 for any other value. */
  get scalarBytes(): number {
    return this.#form === 'shared' ? scalarBytes(this.#value) : 0;
  }

  /**
   * For the only user: the first opening returns the value itself, later ones a copy. With `mayAskAgain` a later copy shows the value as it
   * was before the user had it, so it is packed now.
   */
  toOnlyUser(mayAskAgain: boolean): StoredValue {
    if (this.#form !== 'original' || this.#isForOne) return this;
    if (mayAskAgain) this.pack('result');
    this.#isForOne = true;
    return StoredValue.live(this.#value, this.sizeBytes, this.origin);
  }

  /** Returns the value as bytes, for another thread. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  pack(where: string): Packed {
    if (this.#parts) {
      this.#packed = joined(this.#kept(this.#parts), this.sizeBytes);
      this.#parts = undefined;
    }
    if (this.#packed) return this.#packed;
    const list = this.#list;
    if (list) {
      const pieces = list.toPieces(where);
      this.#packed = joined(
        pieces,
        pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
      );
      return this.#packed;
    }
    const value = this.#form === 'fresh' ? (this.#value as () => unknown)() : this.#value;
    const found: Survey = survey(value, { where, freeze: false, isList: this.#isList });
    const packed = packSurveyed(value, found, where, true);
    if (this.#form !== 'fresh' || packed.byteLength <= BYTES_KEPT) this.#packed = packed;
    return packed;
  }

  /**
   * Like `pack`, in parts to be sent. They must not change until they have been sent, as binary data is not copied. Throws as `pack` does.
   */
  toParts(where: string): readonly Uint8Array[] {
    if (this.#parts) return this.#kept(this.#parts);
    if (!this.#packed && this.sizeBytes >= UNCOPIED_FROM_BYTES) {
      if (this.#list) return this.#list.toPieces(where);
      if (isBinary(this.#value)) return binaryParts(this.#value);
    }
    return [this.pack(where)];
  }

  /**
   * Returns the value. With `freeze`, a packed result comes back frozen; live results were frozen when they were made. A value with one
   * user is copied for others.
   */
  open(freeze: boolean): unknown {
    if (this.#form === 'shared' || (this.#form === 'original' && !freeze)) return this.#value;
    if (this.#form === 'fresh') return (this.#value as () => unknown)();
    if (this.#list) return this.#list.open(freeze && this.origin === 'result');
    const parts = this.#parts;
    if (parts?.[0]?.[0] === BINARY) {
      // The owner may change what it was given: nobody else may see it.
      if (this.#isForOne) this.#parts = NOTHING;
      return opened(() => unpackBinary(parts, this.#isForOne));
    }
    return unpack(this.pack(''), { freeze: freeze && this.origin === 'result' });
  }

  get #list(): PartList<StoredValue> | undefined {
    return this.#form === 'parts' ? (this.#value as PartList<StoredValue>) : undefined;
  }

  #mayHaveParts(): boolean {
    const bytes = this.#packed ?? this.#parts?.[0];
    return this.#form === 'packed' && bytes !== undefined && isOfParts(bytes);
  }

  #kept(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    if (parts === NOTHING) throw new Error('a value for a single reader was opened again');
    return parts;
  }
}

const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');

function sizeOfSlots(slots: readonly unknown[]): number {
  let sizeBytes = 0;
  for (const slot of slots) sizeBytes += TABLE_BYTES + (StoredValue.is(slot) ? slot.sizeBytes : scalarBytes(slot) || surfaceSize(slot));
  return sizeBytes;
}

/** How a value holds its parts. */
const HOLDING = {
  isHeld: (slot: object): slot is StoredValue => StoredValue.is(slot),
  live(value: unknown): StoredValue {
    const isObject = typeof value === 'object' && value !== null;
    const sizeBytes = isObject ? survey(value, { where: 'result', freeze: true }).sizeBytes : scalarBytes(value) || surfaceSize(value);
    return StoredValue.live(value, sizeBytes);
  },
  copy(value: object): StoredValue {
    const small = smallCopy(value);
    return small
      ? StoredValue.live(freezeDeep(small.copy), small.sizeBytes)
      : StoredValue.packed(pack(value, { where: 'result', shared: true }));
  },
  packed: (value: unknown, where: string): Packed => pack(value, { where }),
};

/** The origin of a value. A `result` is frozen when it is opened, a `caller`'s value is not. */
export type Origin = 'result' | 'caller';
