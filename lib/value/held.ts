import { type Survey, survey } from './check.js';
import { type Packed, packSurveyed, unpack } from './pack.js';

/** Where a value comes from: `results` are frozen where they are opened, what is the `caller`'s is not. */
export type Origin = 'result' | 'caller';

/**
 * A value on this node, live or packed. It is packed at most once, whoever asks, and stays packed until somebody opens it; each opening of
 * a packed value is a copy of its own, a live one is handed on as it is.
 */
export class Held {
  readonly origin: Origin;
  /** What it takes packed; for a live value an estimate. Does not change. */
  readonly sizeBytes: number;
  readonly #value: unknown;
  #packed: Packed | undefined;
  readonly #isLive: boolean;

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

  /** Whether opening it costs the work of unpacking. */
  get isPacked(): boolean {
    return !this.#isLive;
  }

  /** The value as bytes, for another thread. Throws `HANDOFF_NOT_SERIALIZABLE` with a path that begins with `where`. */
  pack(where: string): Packed {
    if (!this.#packed) {
      const found: Survey = survey(this.#value, { where, freeze: false });
      this.#packed = packSurveyed(this.#value, found, where, true);
    }
    return this.#packed;
  }

  /** The value. With `freeze`, a packed result comes back frozen; live results were frozen when they were made. */
  open(freeze: boolean): unknown {
    return this.#isLive ? this.#value : unpack(this.#packed!, { freeze: freeze && this.origin === 'result' });
  }
}
