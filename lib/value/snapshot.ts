import { HandoffError } from '../base/index.js';
import { check, surfaceSize, survey } from './check.js';
import { packSurveyed, unpack } from './pack.js';
import { smallCopy } from './small-copy.js';
import { StoredValue } from './stored-value.js';

/** Like `snapshot`, for a small tree of plain objects, arrays and primitives. Returns `undefined` for everything else, valid or not. */
export function smallSnapshot(value: object, freeze: boolean): StoredValue | undefined {
  const small = smallCopy(value);
  if (!small) return undefined;
  const { copy, sizeBytes } = small;
  return freeze ? StoredValue.fresh(() => smallCopy(copy)!.copy, sizeBytes, 'caller') : StoredValue.live(copy, sizeBytes, 'caller');
}

/**
 * Captures the caller's value as it is now. Later changes by the caller have no effect. One walk. Throws `HANDOFF_NOT_SERIALIZABLE` with
 * the path if it is not a value.
 */
export function snapshot(value: unknown, { where, freeze }: SnapshotOptions): StoredValue {
  if (typeof value !== 'object' || value === null) {
    if (!freeze && (typeof value === 'function' || typeof value === 'symbol')) return StoredValue.live(value, surfaceSize(value), 'caller');
    return StoredValue.live(value, check(value, { where, freeze: false }), 'caller');
  }
  const small = smallSnapshot(value, freeze);
  if (small) return small;
  try {
    const packed = packSurveyed(value, survey(value, { where, freeze: false }), where, true);
    return freeze ? StoredValue.packed(packed, 'caller') : StoredValue.live(unpack(packed, { freeze: false }), packed.byteLength, 'caller');
  } catch (error) {
    if (freeze || !HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
    return StoredValue.live(value, surfaceSize(value), 'caller');
  }
}

/** Options of a snapshot. */
export interface SnapshotOptions {
  /** The name of the root value, with which paths begin. */
  readonly where: string;
  /**
   * Whether functions are protected from each other's changes. If so, each opener gets its own copy. Otherwise functions on the loop share
   * one copy, or the caller's own object if it is not a value and cannot be copied.
   */
  readonly freeze: boolean;
}
