/**
 * Returns a checked number option. Throws `TypeError` if it is not a number and `RangeError` if it is out of bounds. Both messages name the
 * option and its value.
 */
export function checkedNumber(name: string, given: unknown, { or, least = 0, integer = false, infinite = false }: NumberBounds): number {
  if (given === undefined) return or;
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${given === null ? 'null' : typeof given}`);
  if (infinite && given === Number.POSITIVE_INFINITY) return given;
  if (!Number.isFinite(given) || given < least || (integer && !Number.isInteger(given))) {
    throw new RangeError(`${name} must be ${integer ? 'an integer' : 'a finite number'} of at least ${least}, not ${given}`);
  }
  return given;
}

/** The bounds of a number option. */
export interface NumberBounds {
  /** The value used for `undefined`. */
  readonly or: number;
  /**
   * The smallest allowed value.
   * @default 0
   */
  readonly least?: number;
  readonly integer?: boolean;
  /**
   * Whether `Infinity`, for "no limit", is allowed.
   * @default false
   */
  readonly infinite?: boolean;
}
