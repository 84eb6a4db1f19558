import { createHash, type Hash } from 'node:crypto';
import type { StepwiseWork } from '../base/index.js';
import { check } from './check.js';
import { CanonicalWriter } from './digest/canonical.js';
import { CanonicalBytes, PIECE_LENGTH } from './digest/canonical-bytes.js';

/** Up to so many bytes a constant is written as it is; of a longer one its digest is. */
const LONGEST_BYTES = 64;

/** Begins the digest of a constant. */
const DIGEST = 0xff;
const DIGEST_BYTES = 32;
/** Begins the number of an earlier constant of the same list, which is the same object. */
const SAME = 0xfe;
/** So many constants of a list are looked through for the same object. */
const COMPARED = 32;

/**
 * The constants of many functions as one column of bytes: two lists have equal bytes where no function could tell them apart. Small
 * constants are written as they are. Of a large one the digest is written, which is taken once, however many functions share it.
 */
export class ConstantColumn {
  readonly #bytes = new CanonicalBytes();
  /** Where the constant begins that is being written. */
  #start = 0;
  #hash: Hash | undefined;
  readonly #writer = new CanonicalWriter((bytes) => this.#take(bytes));
  /** The digests of large constants. */
  readonly #large = new Map<object, Uint8Array>();

  /** How many bytes there are: where the next list begins. */
  get length(): number {
    return this.#bytes.length;
  }

  /** All of the bytes. */
  toBytes(): Uint8Array {
    return this.#bytes.bytesFrom(0).slice();
  }

  /**
   * Adds a list; returns the work that is left where there are objects in it, to be done before the next list is added. Throws
   * `HANDOFF_NOT_SERIALIZABLE`, with a path that begins with `extraArgs`, for what is no value.
   */
  add(values: readonly unknown[]): StepwiseWork<undefined> | undefined {
    for (let at = 0; at < values.length; at += 1) if (!this.#addAtOnce(values, at)) return this.#addRest(values, at);
    return undefined;
  }

  *#addRest(values: readonly unknown[], from: number): StepwiseWork<undefined> {
    for (let at = from; at < values.length; at += 1) {
      if (this.#addAtOnce(values, at)) continue;
      const value = values[at];
      check(value, { where: `extraArgs[${at}]`, freeze: false });
      this.#start = this.#bytes.length;
      yield* this.#writer.begin(value) ?? [];
      if (this.#hash || this.#bytes.length - this.#start > LONGEST_BYTES) {
        this.#digest(this.#start, typeof value === 'object' && value !== null ? value : undefined);
      }
    }
    return undefined;
  }

  /** Adds a primitive, or an object that was met before: in this list, or a large one in another. Returns `false` for all else. */
  #addAtOnce(values: readonly unknown[], at: number): boolean {
    const value = values[at];
    if (isPrimitive(value)) {
      const start = this.#bytes.length;
      this.#bytes.primitive(value);
      if (this.#bytes.length - start > LONGEST_BYTES) this.#digest(start, undefined);
      return true;
    }
    if (typeof value !== 'object' || value === null) return false;
    const before = at > 0 && at < COMPARED ? values.indexOf(value) : at;
    const known = before < at ? Uint8Array.of(SAME, before) : this.#large.get(value);
    if (known) this.#bytes.raw(known);
    return known !== undefined;
  }

  /** Puts its digest in the place of what was written. */
  #digest(start: number, object: object | undefined): void {
    const hash = this.#hash ?? createHash('sha256').update(this.#bytes.bytesFrom(start));
    this.#hash = undefined;
    const digest = new Uint8Array(1 + DIGEST_BYTES);
    digest[0] = DIGEST;
    digest.set(hash.digest(), 1);
    this.#bytes.truncate(start);
    this.#bytes.raw(digest);
    if (object !== undefined) this.#large.set(object, digest);
  }

  /** Takes what the writer writes of a constant; of one that is long only the hash. */
  #take(bytes: Uint8Array): void {
    const { length } = this.#bytes;
    if (this.#hash === undefined && length - this.#start + bytes.byteLength > 64 * LONGEST_BYTES) {
      this.#hash = createHash('sha256').update(this.#bytes.bytesFrom(this.#start));
    }
    if (this.#hash) this.#hash.update(bytes);
    else this.#bytes.raw(bytes);
  }
}

/** Whether it is written at once. */
const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value === 'string' ? value.length <= PIECE_LENGTH : !NOT_PRIMITIVE.has(typeof value));
const NOT_PRIMITIVE: ReadonlySet<string> = new Set(['object', 'function', 'symbol']);
