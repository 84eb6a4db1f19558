import { arrivalMemory } from './arrival-memory.js';
import type { AwayBytes } from './away.js';
import { BINARY, binaryParts, isBinary, unpackBinary, withWholeHeader } from './binary.js';
import { freezeDeep, type Survey, surfaceSize, survey } from './check.js';
import type { Piece } from './joined-bytes.js';
import { joined, opened, type Packed, pack, packSurveyed, unpack } from './pack.js';
import { PartList, type PartsBeside, sizeOfSlots } from './part-list.js';
import { isOfParts, PartTable, partBytes } from './part-table.js';
import { isPrimitive, isScalar, scalarBytes, unpackScalar } from './scalar.js';
import { smallCopy } from './small-copy.js';
import type { ValueEntry } from './value-entry.js';

/** From this size on binary data is sent without a copy, bytes. */
const UNCOPIED_FROM_BYTES = 64 * 1024;

/** The content of a value that was given away. */
const NOTHING: readonly Uint8Array[] = [];

/** A value that is made anew at each opening keeps its bytes up to this size. A larger one is packed again for each reader. */
const BYTES_KEPT = 64 * 1024;

/** A part of a packed value lies in memory of its own up to this size. A longer one is a view, if threads can read its memory. */
const OWN_BYTES = 16 * 1024;

/**
 * How a value is opened: as it is, as a copy unless the reader is its sole user, made anew for each reader, by its parts, unpacked, or read
 * from where it lies. One that is lost cannot be opened.
 */
type Form = 'shared' | 'original' | 'fresh' | 'parts' | 'packed' | 'away' | 'lost';

/** From this size on a value may be put out of memory, bytes. Smaller ones are not worth what a place on the disk costs. */
export const MOVABLE_BYTES = 1024;

/**
 * A value on this node, live or packed. It is packed at most once, and stays packed until it is opened. Each opening of a packed value
 * returns a new copy; a live one is returned as it is. A value that came for a sole user is given away instead.
 *
 * Its owner may put it out of memory and bring it back. It stays the same object: a reference to it keeps no memory.
 */
export class StoredValue {
  readonly origin: Origin;
  /** The packed size in bytes; for a live value an estimate. Does not change. */
  readonly sizeBytes: number;
  /** What its owner knows of it. Only the owner sets it. */
  entry: ValueEntry | undefined = undefined;
  /** For a `fresh` value, the function that makes it; for one of parts, their list; away, its bytes; for a lost one, the error. */
  #value: unknown;
  #packed: Packed | undefined;
  /** The parts that came over the wire, until they are needed in one piece. The first one holds the whole header of binary data. */
  #parts: readonly Uint8Array[] | undefined;
  #form: Form;
  #isSole = false;
  /** Its digest, from when it is known on. */
  digest: string | undefined = undefined;
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
   * Returns a value that cannot be frozen whole and was made for a sole user. That user gets the original with `toSoleUser`; any other
   * reader gets a copy.
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
    const movable: StoredValue[] = [];
    const slots = parts.map((part) => {
      if (part.#form === 'shared' && isPrimitive(part.#value)) return part.#value;
      if (part.sizeBytes >= MOVABLE_BYTES) movable.push(part);
      return part;
    });
    return StoredValue.ofSlots(slots, { keys, movable }, origin);
  }

  /** The same for parts of which each is a primitive, a value that is held, or a frozen object, copied when it is asked for. */
  static ofSlots(slots: readonly unknown[], beside: PartsBeside<StoredValue>, origin: Origin, sizeBytes?: number): StoredValue {
    const list = new PartList(slots, HOLDING, beside);
    return new StoredValue(origin, 'parts', list, undefined, sizeBytes ?? sizeOfSlots(slots, HOLDING.isHeld));
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
  static packedAmong(packed: Packed, origin: Origin = 'result'): StoredValue {
    return StoredValue.#scalar(packed, origin) ?? StoredValue.packed(new Uint8Array(packed), origin);
  }

  static #scalar(packed: Packed, origin: Origin): StoredValue | undefined {
    return isScalar(packed) ? opened(() => StoredValue.live(unpackScalar(packed), packed.byteLength, origin)) : undefined;
  }

  /**
   * Returns a packed value that is not in memory. Code that can wait reads `away` and uses what that returns. All other methods read it
   * at once, which blocks the event loop.
   */
  static away(bytes: AwayBytes, origin: Origin = 'result'): StoredValue {
    return new StoredValue(origin, 'away', bytes, undefined, bytes.sizeBytes);
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
    return arrivalMemory(sizeBytes);
  }

  /** Like `arrived`, for a value that is opened once only. If possible it is opened without a copy. Afterwards it is gone. */
  static sole(parts: readonly Uint8Array[], origin: Origin = 'result'): StoredValue {
    const held = StoredValue.arrived(parts, origin);
    held.#isSole = true;
    return held;
  }

  /** Where its bytes are, if it is not in memory. */
  get away(): AwayBytes | undefined {
    return this.#form === 'away' ? (this.#value as AwayBytes) : undefined;
  }

  /** Whether it is not in memory. */
  get isAway(): boolean {
    return this.#form === 'away';
  }

  /** Whether it could not be read when it was away. Opening it throws the error that it was given then. */
  get isLost(): boolean {
    return this.#form === 'lost';
  }

  /** Its bytes are there now, and not in memory any more. */
  goAway(bytes: AwayBytes): void {
    this.#set('away', bytes, undefined);
  }

  /** It is in memory again. */
  comeBack(packed: Packed): void {
    this.#set('packed', undefined, packed);
  }

  /** It could not be read. */
  lose(error: Error): void {
    this.#set('lost', error, undefined);
  }

  #set(form: Form, value: unknown, packed: Packed | undefined): void {
    this.#form = form;
    this.#value = value;
    this.#packed = packed;
    this.#parts = undefined;
  }

  /** The values that it is put together of, as far as they may be put out of memory; `undefined` if it is one value. */
  get movableParts(): readonly StoredValue[] | undefined {
    return this.#list?.movable;
  }

  /** Forgets the bytes of a value of others, which have their own. They are packed again for the next reader. */
  forgetPacked(): void {
    if (this.movableParts && this.sizeBytes > BYTES_KEPT) this.#packed = undefined;
  }

  /** Whether opening it means unpacking. */
  get isPacked(): boolean {
    return this.#form === 'parts' ? !this.#list!.whole : this.#form !== 'shared' && this.#form !== 'original';
  }

  /** Whether it is packed, and a primitive of a few bytes: a copy is as good as the value itself. */
  get isPackedScalar(): boolean {
    return this.#packed !== undefined && isScalar(this.#packed);
  }

  /** Whether it is of parts that are held one by one. Whether all of them can be packed is not known before they are. */
  get isHeldInParts(): boolean {
    return this.#form === 'parts';
  }

  /** Whether it may have a `partCount`. */
  get mayHaveParts(): boolean {
    return this.#form === 'parts' || this.#mayHaveParts();
  }

  /** What a value of parts has besides them: the keys of a record, or further properties of an array. */
  get besideParts(): { readonly are: 'keys' | 'fields'; readonly value: StoredValue } | undefined {
    const list = this.#list;
    if (list) {
      if (list.keys) return { are: 'keys', value: StoredValue.live(list.keys, surfaceSize(list.keys)) };
      return list.fields && { are: 'fields', value: list.fields };
    }
    const packed = opened(() => new PartTable(this.pack('')).beside);
    return packed && { are: packed.are, value: StoredValue.packed(packed.bytes) };
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
      return partBytes(this.pack(''), place);
    });
    const isView = bytes.byteLength >= OWN_BYTES && bytes.buffer instanceof SharedArrayBuffer;
    return StoredValue.#scalar(bytes, this.origin) ?? StoredValue.packed(isView ? bytes : new Uint8Array(bytes), this.origin);
  }

  /** For a live primitive that is packed without a serializer, its packed size in bytes; 0 for any other value. */
  get scalarBytes(): number {
    return this.#form === 'shared' ? scalarBytes(this.#value) : 0;
  }

  /**
   * For the sole user: the first opening returns the value itself, later ones a copy. With `mayAskAgain` a later copy shows the value as it
   * was before the user had it, so it is packed now.
   */
  toSoleUser(mayAskAgain: boolean): StoredValue {
    if (this.#form !== 'original' || this.#isSole) return this;
    if (mayAskAgain) this.pack('result');
    this.#isSole = true;
    return StoredValue.live(this.#value, this.sizeBytes, this.origin);
  }

  /** Returns the value as bytes, for another thread. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  pack(where: string): Packed {
    if (this.#parts) {
      this.#packed = joined(this.#kept(this.#parts), this.sizeBytes);
      this.#parts = undefined;
    }
    if (this.#packed) return this.#packed;
    const { away } = this;
    if (away) return this.#readNow(away);
    if (this.#form === 'lost') throw this.#value;
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

  /** Whether it is not in memory, or some of its parts are not. */
  get hasAway(): boolean {
    return this.#form === 'away' || (this.#packed === undefined && this.#list?.hasAway === true);
  }

  /** Like `toParts`. What is not in memory is a piece as it lies. */
  toSources(where: string): readonly Piece[] {
    if (!this.hasAway) return this.toParts(where);
    return this.away ? [this.away] : this.#list!.toSources(where);
  }

  /**
   * Returns the value. With `freeze`, a packed result comes back frozen; live results were frozen when they were made. A value with a
   * sole user is copied for others.
   */
  open(freeze: boolean): unknown {
    if (this.#form === 'shared' || (this.#form === 'original' && !freeze)) return this.#value;
    if (this.#form === 'fresh') return (this.#value as () => unknown)();
    if (this.#list) return this.#list.open(freeze && this.origin === 'result');
    const parts = this.#parts;
    if (parts?.[0]?.[0] === BINARY) {
      // The owner may change what it was given: nobody else may see it.
      if (this.#isSole) this.#parts = NOTHING;
      return opened(() => unpackBinary(parts, this.#isSole));
    }
    return unpack(this.pack(''), { freeze: freeze && this.origin === 'result' });
  }

  /** Whether `open` has nothing to do. */
  opensAtOnce(freeze: boolean): boolean {
    return this.#form === 'shared' || (this.#form === 'original' && !freeze);
  }

  /** Reads it at once, for a reader that cannot wait. With an owner it is in memory then. */
  #readNow(away: AwayBytes): Packed {
    const { entry } = this;
    if (!entry) return away.readNow();
    let packed: Packed;
    try {
      packed = away.readNow();
    } catch (error) {
      throw entry.cannotRead(error);
    }
    this.comeBack(packed);
    // There may be so little memory that it goes at once.
    entry.cameBack();
    return packed;
  }

  get #list(): PartList<StoredValue> | undefined {
    return this.#form === 'parts' ? (this.#value as PartList<StoredValue>) : undefined;
  }

  #mayHaveParts(): boolean {
    if (this.away) return isOfParts(this.pack(''));
    const bytes = this.#packed ?? this.#parts?.[0];
    return this.#form === 'packed' && bytes !== undefined && isOfParts(bytes);
  }

  #kept(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    if (parts === NOTHING) throw new Error('a value for a sole user was opened again');
    return parts;
  }
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
