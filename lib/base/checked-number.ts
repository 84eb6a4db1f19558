/** What a number may be. */
export interface NumberBounds {
  /** Taken for `undefined`. */
  readonly or: number;
  /** The least allowed; default 0. */
  readonly least?: number;
  readonly integer?: boolean;
  /** Whether Infinity is allowed, for "no limit". */
  readonly infinite?: boolean;
}

/** A number option. Throws `TypeError` for what is no number, `RangeError` for one out of bounds; both name the option and its value. */
export function checkedNumber(name: string, given: unknown, { or, least = 0, integer = false, infinite = false }: NumberBounds): number {
  if (given === undefined) return or;
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${given === null ? 'null' : typeof given}`);
  if (infinite && given === Number.POSITIVE_INFINITY) return given;
  if (!Number.isFinite(given) || given < least || (integer && !Number.isInteger(given))) {
    throw new RangeError(`${name} must be ${integer ? 'an integer' : 'a finite number'} of at least ${least}, not ${given}`);
  }
  return given;
}
