import type { AwayBytes } from './away.js';
import { surfaceSize } from './check.js';
import type { Piece } from './joined-bytes.js';
import { assembled, PartWriter } from './part-table.js';
import { keyText } from './paths.js';
import { scalarBytes } from './scalar.js';

/**
 * The parts of a live array or record. A primitive is there as it is. Everything else is held, or is a frozen object, which is
 * copied when it is asked for.
 */
export class PartList<P extends HeldPart> {
  readonly keys: readonly string[] | undefined;
  /** The whole, if its parts share nothing with each other and nobody can change it. */
  readonly whole: object | undefined;
  /** For one that is put together of values which others may have too: those of its parts that may be put out of memory. */
  readonly movable: readonly P[] | undefined;
  readonly #slots: readonly unknown[];
  readonly #fields: P | undefined;
  readonly #holding: PartHolding<P>;

  constructor(slots: readonly unknown[], holding: PartHolding<P>, { keys, fields, whole, movable }: PartsBeside<P>) {
    this.#slots = slots;
    this.#holding = holding;
    this.keys = keys;
    this.whole = whole;
    this.movable = movable;
    this.#fields = fields;
  }

  get count(): number {
    return this.#slots.length;
  }

  /** The properties of an array besides its elements. */
  get fields(): P | undefined {
    return this.#fields;
  }

  /** Returns a part. Throws `RangeError` if there is none in that place. */
  at(place: number): P {
    if (!Number.isInteger(place) || place < 0 || place >= this.#slots.length) throw new RangeError(`it has no part ${place}`);
    const slot = this.#slots[place];
    if (typeof slot !== 'object' || slot === null) return this.#holding.live(slot);
    if (this.#holding.isHeld(slot)) return slot;
    // A part of a whole that is given out is given out too: a copy of its own would not be told from it.
    return this.whole ? this.#holding.live(slot) : this.#holding.copy(slot);
  }

  /** Returns the whole. Its parts share nothing with each other. */
  open(freeze: boolean): object {
    if (this.whole) return this.whole;
    const values = new Array<unknown>(this.#slots.length);
    for (let place = 0; place < values.length; place += 1) {
      const slot = this.#slots[place];
      values[place] = typeof slot === 'object' && slot !== null ? this.at(place).open(freeze) : slot;
    }
    const whole = assembled(values, { keys: this.keys, fields: this.#fields?.open(freeze) as object | undefined });
    return freeze ? Object.freeze(whole) : whole;
  }

  /** Whether a part is not in memory, or has such a part. */
  get hasAway(): boolean {
    return this.#slots.some((slot) => typeof slot === 'object' && slot !== null && this.#holding.isHeld(slot) && slot.hasAway);
  }

  /** Packs the parts, in pieces; long ones are not copied. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  toPieces(where: string): readonly Uint8Array[] {
    return this.#toPieces<never>(where, (part, at) => part.toParts(at));
  }

  /** The same; parts that are not in memory are pieces as they lie. */
  toSources(where: string): readonly Piece[] {
    return this.#toPieces<AwayBytes>(where, (part, at) => part.toSources(at));
  }

  #toPieces<T extends AwayBytes>(
    where: string,
    partsOf: (part: P, at: string) => readonly (Uint8Array | T)[],
  ): readonly (Uint8Array | T)[] {
    const { keys } = this;
    const writer = new PartWriter<T>(this.#slots.length, keys ? 'keys' : this.#fields ? 'fields' : undefined);
    for (let place = 0; place < this.#slots.length; place += 1) {
      const slot = this.#slots[place];
      if (writer.addScalar(slot)) continue;
      const at = where + keyText(keys ? keys[place]! : place);
      const isHeld = typeof slot === 'object' && slot !== null && this.#holding.isHeld(slot);
      writer.addPacked(isHeld ? partsOf(slot, at) : [this.#holding.packed(slot, at)]);
    }
    if (keys) writer.addPacked([this.#holding.packed(keys, where)]);
    else if (this.#fields) writer.addPacked(partsOf(this.#fields, where));
    return writer.toPieces();
  }
}

/** What the table of a value of parts takes for each of them, bytes. */
const TABLE_BYTES = 4;

/** Returns the packed size of a value of parts, an estimate. */
export function sizeOfSlots(slots: readonly unknown[], isHeld: (slot: object) => slot is { readonly sizeBytes: number }): number {
  let sizeBytes = 0;
  for (const slot of slots) {
    const held = typeof slot === 'object' && slot !== null && isHeld(slot) ? slot : undefined;
    sizeBytes += TABLE_BYTES + (held ? held.sizeBytes : scalarBytes(slot) || surfaceSize(slot));
  }
  return sizeBytes;
}

/** A value that is a part of another. */
export interface HeldPart {
  open(freeze: boolean): unknown;
  readonly hasAway: boolean;
  toParts(where: string): readonly Uint8Array[];
  toSources(where: string): readonly Piece[];
}

/** How parts are held. */
export interface PartHolding<P> {
  isHeld(slot: object): slot is P & object;
  /** Holds a value as it is. */
  live(value: unknown): P;
  /** Holds a copy of a frozen value. */
  copy(value: object): P;
  /** Packs a value. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  packed(value: unknown, where: string): Uint8Array;
}

/** What there is besides the parts. */
export interface PartsBeside<P> {
  readonly keys?: readonly string[] | undefined;
  /** Properties of an array besides its elements. */
  readonly fields?: P | undefined;
  readonly whole?: object | undefined;
  readonly movable?: readonly P[] | undefined;
}
