import { isError, readSafely, shortened, textOf } from '../base/index.js';
import { errorFields, measure } from './check.js';
import { type Packed, pack, packApart, unpack } from './pack.js';
import { addFields, bareRecordOf, emptyError } from './rebuilt-error.js';

/** How much is kept of linked errors. */
interface Limits {
  /** The most characters of each text, and of all texts together. Once these are used up, a text may have 1000. */
  readonly textLength: number;
  readonly textsLength: number;
  /** A longer chain of causes keeps its first and last halves, this many in all. */
  readonly causes: number;
  readonly errors: number;
  /** The most bytes of all fields that are not errors. */
  readonly fieldBytes: number;
}

const AMPLE: Limits = {
  textLength: 1024 * 1024,
  textsLength: 16 * 1024 * 1024,
  causes: 100,
  errors: 100_000,
  fieldBytes: 64 * 1024 * 1024,
};
const SPARE: Limits = { textLength: 4000, textsLength: 400_000, causes: 50, errors: 100, fieldBytes: 64 * 1024 };
const LEAST: Limits = { textLength: 1000, textsLength: 0, causes: 20, errors: 40, fieldBytes: 0 };

/** The most bytes of an error that goes to another node: a message must fit a frame. */
const MESSAGE_BYTES = 1024 * 1024;

/** This many errors keep their stacks. Formatting stacks takes V8 longer than all else, and a hundred times longer with source maps. */
const STACKS = 1000;

/** The length that a text may always have, characters. */
const SHORT = 1000;

/** The minimum cost of looking at a field, counted as bytes. */
const FIELD_BYTES = 64;

/**
 * Packs any thrown value in linear time. Never throws.
 *
 * An error's fields that are no values are left out. A chain of more than 100 causes loses its middle; an error in its place says how many
 * were left out. Something that is neither a value nor an error becomes an Error with its text. A result larger than `limitBytes` (default:
 * no limit) is shortened until it fits.
 */
export function packThrown(thrown: unknown, limitBytes = Number.POSITIVE_INFINITY): Packed {
  const given = typeof thrown === 'string' ? shortened(thrown, limitBytes / 4) : thrown;
  const ample = { ...AMPLE, textsLength: Math.min(AMPLE.textsLength, limitBytes), fieldBytes: Math.min(AMPLE.fieldBytes, limitBytes) };
  const ways = isError(given)
    ? [ample, SPARE, LEAST].map((limits) => () => packApart(new Kept(limits).copyOf(given), 'error'))
    : [() => (measure(given, limitBytes).isValue ? pack(given, { where: 'error' }) : undefined)];
  for (const way of ways) {
    const packed = safely(way);
    if (packed && packed.byteLength <= limitBytes) return packed;
  }
  return packApart(new Error(textOf(given)), 'error');
}

/** Like `packThrown`, for another node: at most 1 MiB. */
export const packThrownForWire = (thrown: unknown): Packed => packThrown(thrown, MESSAGE_BYTES);

/** Unpacks what was thrown. Never throws: bytes that do not open become an Error that says so. */
export function unpackThrown(packed: Packed): unknown {
  try {
    return unpack(packed, { freeze: false });
  } catch (cause) {
    return new Error(`received an error that cannot be read: ${textOf(cause)}`, { cause });
  }
}

/** Like `unpackThrown`, but always returns an Error. Anything else becomes its cause. */
export function unpackError(packed: Packed): Error {
  const thrown = unpackThrown(packed);
  return isError(thrown) ? thrown : new Error(textOf(thrown), { cause: thrown });
}

/** Copies of linked errors with what is kept of them: each once, the outer ones first, without recursion. */
class Kept {
  readonly #limits: Limits;
  readonly #copies = new Map<Error, Error>();
  readonly #todo: (() => void)[] = [];
  /** Whether a field's object is a value. */
  readonly #measured = new Map<object, boolean>();
  #bytesLeft: number;
  #textsLeft: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#textsLeft = limits.textsLength;
    this.#bytesLeft = limits.fieldBytes;
  }

  copyOf(thrown: Error): Error {
    const copy = this.#chain(thrown);
    for (const next of this.#todo) next();
    return copy;
  }

  get #isFull(): boolean {
    return this.#copies.size >= this.#limits.errors;
  }

  /** Copies an error and its causes, as far as they are errors and not copied yet. */
  #chain(first: Error): Error {
    const chain: Error[] = [];
    const met = new Set<unknown>();
    let next: unknown = first;
    while (isError(next) && !this.#copies.has(next) && !met.has(next)) {
      met.add(next);
      chain.push(next);
      next = readSafely(next, 'cause');
    }
    const half = this.#limits.causes / 2;
    const leftOut = Math.max(0, chain.length - 2 * half);
    const ends = leftOut === 0 ? chain : [...chain.slice(0, half), ...chain.slice(-half)];
    const copies = ends.map((error) => this.#copy(error));
    if (leftOut > 0) copies.splice(half, 0, new Error(`${leftOut} causes were left out here`));
    for (let at = 1; at < copies.length; at += 1) addFields(copies[at - 1]!, { cause: copies[at] });
    // The cause is not an error, or is copied already.
    const last = copies.at(-1);
    if (last && next !== undefined) this.#todo.push(() => this.#field(last, 'cause', next));
    return this.#copies.get(first)!;
  }

  #copy(error: Error): Error {
    const { kind, name, message, stack } = bareRecordOf(error, this.#copies.size < STACKS);
    const code = readSafely(error, 'code');
    const copy = emptyError({
      kind,
      name: shortened(name, SHORT),
      message: this.#text(message),
      stack: stack && this.#text(stack),
      fields: typeof code === 'string' ? { code } : {},
    });
    this.#copies.set(error, copy);
    this.#todo.push(() => {
      for (const key of fieldsOf(error))
        if (key !== 'cause')
          this.#field(
            copy,
            key,
            safely(() => ownValue(error, key)),
          );
    });
    return copy;
  }

  #text(text: string): string {
    const kept = shortened(text, Math.max(SHORT, Math.min(this.#limits.textLength, this.#textsLeft)));
    this.#textsLeft -= kept.length;
    return kept;
  }

  #field(copy: Error, key: string, value: unknown): void {
    if (isError(value)) {
      if (this.#copies.has(value) || !this.#isFull) addFields(copy, { [key]: this.#chain(value) });
    } else if (Array.isArray(value) && safely(() => value.some(isError))) {
      addFields(copy, { [key]: this.#errors(value) });
    } else if (this.#isValue(value)) addFields(copy, { [key]: value });
  }

  /** Copies a list of errors, as an AggregateError has. */
  #errors(values: readonly unknown[]): unknown[] {
    const kept: unknown[] = [];
    for (const [at, value] of values.entries()) {
      if (isError(value) && this.#isFull && !this.#copies.has(value)) {
        kept.push(new Error(`${values.length - at} more were left out`));
        break;
      }
      if (isError(value)) kept.push(this.#chain(value));
      else kept.push(this.#isValue(value) ? value : undefined);
    }
    return kept;
  }

  #isValue(value: unknown): boolean {
    if (value === undefined) return false;
    const known = typeof value === 'object' && value !== null ? this.#measured.get(value) : undefined;
    if (known !== undefined) return known;
    const { isValue, sizeBytes } = measure(value, this.#bytesLeft);
    this.#bytesLeft -= FIELD_BYTES + sizeBytes;
    if (typeof value === 'object' && value !== null) this.#measured.set(value, isValue);
    return isValue;
  }
}

const fieldsOf = (error: Error): string[] => safely(() => errorFields(error)) ?? [];

/** Returns a property's value, or `undefined` for an accessor. */
const ownValue = (from: object, key: string): unknown => Object.getOwnPropertyDescriptor(from, key)?.value;

function safely<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
