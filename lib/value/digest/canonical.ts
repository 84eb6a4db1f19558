import { types } from 'node:util';
import { HandoffError, type StepwiseWork } from '../../base/index.js';
import { errorFields } from '../check.js';
import { bareRecordOf } from '../rebuilt-error.js';
import { isBuffer, shapeOf } from '../value-shape.js';
import { CanonicalBytes, PIECE_LENGTH, type Sink, TAG } from './canonical-bytes.js';
import { hasElementsOnly } from './elements-only.js';
import { KeyOrders } from './key-orders.js';
import { sortedKeys } from './sorted-keys.js';

/** How many bytes are written before a step ends. A property counts as some more, for the time to find it. */
const STEP_BYTES = 32 * 1024;
const PART_BYTES = 16;

/** The size of the pieces in which binary data is passed on, bytes: SHA-256 takes a third of a millisecond for one. */
const PIECE_BYTES = 256 * 1024;
/** An object with this many keys is written in steps. */
const MANY_KEYS = 1000;
/** An array of at most so many elements is written at once, if none of them is a long text. */
const FEW_ELEMENTS = 256;

/** The first byte of everything that is written. A value written by another version is another value. */
const VERSION = 1;

const BODY = { object: 65, array: 66, map: 67, set: 68, error: 69, date: 70, regexp: 71, memory: 72, view: 73 } as const;

/** Memory of its own that a value will have once it was passed on: a Buffer's, or that of a view which is the whole value. In pieces. */
class Memory {
  readonly pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces;
  }
}

/** Binary data that is the whole value, with its bytes in pieces. It is written as the value would be that they are. */
export class BinaryPieces {
  readonly kind: string;
  readonly pieces: readonly Uint8Array[];

  /** `kind` as `binaryKind` returns it. */
  constructor(kind: string, pieces: readonly Uint8Array[]) {
    this.kind = kind;
    this.pieces = pieces;
  }
}

/**
 * Writes values as bytes that are equal exactly if a function could not distinguish the values, except by the order of an object's keys. It
 * writes what arrives after packing: the class of an error if it is a standard one, else its name; no stacks, and no `lastIndex`.
 *
 * Objects are numbered as they are met, in the order of the sorted keys. Each is written once, in the order of its number. So shared and
 * cyclic parts are distinguished, and nothing is too deep.
 */
export class CanonicalWriter {
  readonly #out: CanonicalBytes;
  #numbers = new Map<object, number>();
  #queue: object[] = [];
  #root: unknown;
  readonly #orders = new KeyOrders();
  #isTree = false;
  #isDense = false;

  constructor(sink: Sink) {
    this.#out = new CanonicalBytes(sink);
    this.#out.left = STEP_BYTES;
  }

  /**
   * Writes a value that `check` has passed. Anything else is refused where it is met, with `HANDOFF_NOT_SERIALIZABLE`. Returns the rest of
   * the work if one step is not enough: the value must not change before that is done. `known`: what is known of it, which saves time.
   */
  begin(value: unknown, { isTree = false, isDense = false }: KnownForm = {}): StepwiseWork<undefined> | undefined {
    this.#root = value;
    this.#isTree = isTree;
    this.#isDense = isDense;
    let isGoingOn = false;
    try {
      this.#out.tag(VERSION);
      if (isLong(value)) {
        isGoingOn = true;
        return this.#rest(this.#longText(value), 0);
      }
      this.#part(value);
      for (let number = 0; number < this.#queue.length; number += 1) {
        const body = this.#body(this.#queue[number]!);
        if (body || this.#out.left <= 0) {
          isGoingOn = true;
          return this.#rest(body, number + 1);
        }
      }
      this.#out.flush(true);
    } finally {
      if (!isGoingOn) this.#forget();
    }
    return undefined;
  }

  /** Writes the rest of an object, and those that follow it. */
  *#rest(body: StepwiseWork<undefined> | undefined, next: number): StepwiseWork<undefined> {
    try {
      if (body) yield* body;
      if (this.#isDue()) yield;
      for (let number = next; number < this.#queue.length; number += 1) {
        const further = this.#body(this.#queue[number]!);
        if (further) yield* further;
        if (this.#isDue()) yield;
      }
      this.#out.flush(true);
    } finally {
      this.#forget();
    }
    return undefined;
  }

  /** Forgets the value. */
  #forget(): void {
    this.#out.truncate(0);
    this.#out.left = STEP_BYTES;
    if (this.#numbers.size > 0) this.#numbers = new Map();
    if (this.#queue.length > 0) this.#queue = [];
    this.#root = undefined;
  }

  /** Writes a part of a value, except long texts. */
  #part(value: unknown): void {
    this.#out.left -= PART_BYTES;
    if (typeof value !== 'object' || value === null) this.#out.primitive(value);
    else if (this.#isTree) this.#out.tagged(TAG.object, this.#queue.push(value) - 1);
    else this.#object(value);
  }

  /** Writes an object's number. A new object gets the next number. */
  #object(value: object): void {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#queue.push(value) - 1;
      this.#numbers.set(value, number);
    }
    this.#out.tagged(TAG.object, number);
  }

  /** Writes the contents of an object. Returns the rest of the work if there is much of it. */
  #body(value: object): StepwiseWork<undefined> | undefined {
    const above: unknown = Object.getPrototypeOf(value);
    if (above === Memory.prototype) return this.#memory((value as Memory).pieces);
    if (above === BinaryPieces.prototype) return this.#wholeBinary(value as BinaryPieces);
    // These two need no further look where a value has been checked.
    const shape = above === PLAIN && !types.isProxy(value) ? 'object' : above === LIST && Array.isArray(value) ? 'array' : shapeOf(value);
    if (typeof shape === 'object') throw refusedHere(shape.refused);
    switch (shape) {
      case 'object':
        this.#out.tag(BODY.object);
        return this.#fields(value as Fields, Object.keys(value));
      case 'array':
        this.#out.tag(BODY.array);
        return this.#array(value as readonly unknown[]);
      case 'map':
        this.#out.tag(BODY.map);
        this.#out.count((value as Map<unknown, unknown>).size);
        return this.#entries(value as Map<unknown, unknown>);
      case 'set':
        this.#out.tag(BODY.set);
        this.#out.count((value as Set<unknown>).size);
        return this.#elements(value as Set<unknown>);
      case 'error':
        return this.#error(value as Error);
      case 'leaf':
        if (types.isDate(value)) {
          this.#out.tag(BODY.date);
          this.#out.number(value.getTime());
          return undefined;
        }
        this.#out.tag(BODY.regexp);
        this.#out.text((value as RegExp).flags);
        return this.#longText((value as RegExp).source);
      case 'binary':
        if (!types.isArrayBufferView(value)) return this.#memory([new Uint8Array(value as ArrayBuffer)]);
        this.#view(value);
        return undefined;
    }
  }

  #fields(value: Fields, keys: string[]): StepwiseWork<undefined> | undefined {
    this.#out.count(keys.length);
    if (keys.length > MANY_KEYS) return this.#manyFields(value, keys);
    const sorted = this.#orders.sorted(keys);
    for (let k = 0; k < sorted.length; k += 1) {
      const key = sorted[k]!;
      const part = value[key];
      if (isLong(key) || isLong(part)) return this.#manyFields(value, sorted.slice(k));
      this.#out.text(key);
      this.#part(part);
    }
    return undefined;
  }

  *#manyFields(value: Fields, keys: string[]): StepwiseWork<undefined> {
    for (const key of yield* sortedKeys(keys)) {
      const part = value[key];
      if (isLong(key)) yield* this.#longText(key);
      else this.#out.text(key);
      if (isLong(part)) yield* this.#longText(part);
      else this.#part(part);
      if (this.#isDue()) yield;
    }
    return undefined;
  }

  #array(value: readonly unknown[]): StepwiseWork<undefined> | undefined {
    const { length } = value;
    this.#out.count(length);
    if (length > FEW_ELEMENTS) return this.#elementsFrom(value, 0, this.#isDense || hasElementsOnly(value));
    const isDense = this.#isDense || Object.keys(value).length === length;
    for (let at = 0; at < length; at += 1) {
      const element = value[at];
      if (isLong(element) || (element === undefined && !Object.hasOwn(value, at))) return this.#elementsFrom(value, at, isDense);
      this.#part(element);
    }
    return isDense ? undefined : this.#besides(value);
  }

  /** Writes the elements from a place on, before which there are no holes, and what else the array has. */
  *#elementsFrom(value: readonly unknown[], from: number, isDense: boolean): StepwiseWork<undefined> {
    const { length } = value;
    let at = from;
    for (; at < length; at += 1) {
      const element = value[at];
      if (element === undefined && !Object.hasOwn(value, at)) break;
      if (isLong(element)) yield* this.#longText(element);
      else this.#part(element);
      if (this.#isDue()) yield;
    }
    if (at < length) yield* this.#afterHole(value, at);
    else if (!isDense) yield* this.#besides(value) ?? [];
    return undefined;
  }

  /** Writes the rest of an array that has no element at `from`. A list of a few elements may be 4,294,967,295 long. */
  *#afterHole(value: readonly unknown[], from: number): StepwiseWork<undefined> {
    const { length } = value;
    // Positions come first, `length` next, names last.
    const own = Reflect.ownKeys(value);
    const count = own.indexOf('length');
    let next = from;
    for (let k = from; k < count; k += 1) {
      const at = Number(own[k]);
      this.#holes(at - next);
      next = at + 1;
      const element = value[at];
      if (isLong(element)) yield* this.#longText(element);
      else this.#part(element);
      if (this.#isDue()) yield;
    }
    this.#holes(length - next);
    yield* this.#named(value, own.slice(count + 1) as string[]) ?? [];
    return undefined;
  }

  /** Writes the properties besides the elements of an array without holes. */
  #besides(value: readonly unknown[]): StepwiseWork<undefined> | undefined {
    const own = Reflect.ownKeys(value);
    return this.#named(value, own.slice(value.length + 1) as string[]);
  }

  #named(value: readonly unknown[], keys: string[]): StepwiseWork<undefined> | undefined {
    if (keys.length === 0) return undefined;
    this.#out.tag(TAG.named);
    return this.#fields(value as unknown as Fields, keys);
  }

  #holes(count: number): void {
    if (count === 0) return;
    this.#out.tagged(TAG.holes, count);
  }

  *#entries(value: Map<unknown, unknown>): StepwiseWork<undefined> {
    for (const entry of value) {
      for (const part of entry) {
        if (isLong(part)) yield* this.#longText(part);
        else this.#part(part);
      }
      if (this.#isDue()) yield;
    }
    return undefined;
  }

  *#elements(value: Set<unknown>): StepwiseWork<undefined> {
    for (const element of value) {
      if (isLong(element)) yield* this.#longText(element);
      else this.#part(element);
      if (this.#isDue()) yield;
    }
    return undefined;
  }

  *#error(error: Error): StepwiseWork<undefined> {
    const { kind, name, message } = bareRecordOf(error, false);
    this.#out.tag(BODY.error);
    for (const text of [kind, name, message]) yield* this.#longText(text);
    const keys = errorFields(error);
    this.#out.count(keys.length);
    yield* this.#manyFields(error as unknown as Fields, keys);
    return undefined;
  }

  /** Writes the kind of a view, its memory, and its part of that memory. */
  #view(value: ArrayBufferView): void {
    this.#out.tag(BODY.view);
    const { buffer, byteOffset, byteLength } = value;
    const isOfBuffer = isBuffer(value);
    this.#out.text(types.isDataView(value) ? 'DataView' : isOfBuffer ? 'Buffer' : (value as Uint8Array)[Symbol.toStringTag]);
    // A Buffer may lie in a pool that is not part of it. A view that is the whole value arrives with its own bytes only.
    const hasAll = byteLength === buffer.byteLength || !(isOfBuffer || value === this.#root);
    this.#object(hasAll ? buffer : new Memory([new Uint8Array(buffer, byteOffset, byteLength)]));
    this.#out.number(hasAll ? byteOffset : 0);
    this.#out.number(byteLength);
  }

  /** Writes what `#body` would write of the view or the memory. */
  #wholeBinary({ kind, pieces }: BinaryPieces): StepwiseWork<undefined> | undefined {
    if (kind === 'ArrayBuffer') return this.#memory(pieces);
    this.#out.tag(BODY.view);
    this.#out.text(kind);
    this.#object(new Memory(pieces));
    this.#out.number(0);
    this.#out.number(sizeOf(pieces));
    return undefined;
  }

  *#memory(pieces: readonly Uint8Array[]): StepwiseWork<undefined> {
    this.#out.tag(BODY.memory);
    this.#out.number(sizeOf(pieces));
    this.#out.flush();
    let isFirst = true;
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
        if (!isFirst) yield;
        isFirst = false;
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        this.#out.raw(piece);
        this.#out.left -= piece.byteLength >> 3;
      }
    }
    return undefined;
  }

  /** Whether as much is written as one step may. */
  #isDue(): boolean {
    if (this.#out.left > 0) return false;
    this.#out.left = STEP_BYTES;
    return true;
  }

  /** Writes a text in steps, as `text` of the bytes does. */
  *#longText(value: string): StepwiseWork<undefined> {
    if (!isLong(value)) {
      this.#out.text(value);
      return undefined;
    }
    const isWhole = this.#out.beginText(value);
    for (let at = 0; at < value.length; ) {
      at = this.#out.piece(value, at, isWhole);
      if (this.#isDue()) yield;
    }
    return undefined;
  }
}

const sizeOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);

type Fields = Readonly<Record<string, unknown>>;

const PLAIN = Object.prototype;
const LIST = Array.prototype;

/** What is known of a value before it is written. By default nothing is. */
export interface KnownForm {
  /** Whether no object in it is met twice. Memory may be: two views may share it. */
  readonly isTree?: boolean;
  /** Whether no array in it has holes, or properties besides its elements. */
  readonly isDense?: boolean;
}

const isLong = (value: unknown): value is string => typeof value === 'string' && value.length > PIECE_LENGTH;

function refusedHere(what: string): HandoffError {
  return new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot take a digest: ${what} is not a value`);
}
