import { HandoffError } from '../base/index.js';
import { check, surfaceSize, survey } from './check.js';
import { packSurveyed, unpack } from './pack.js';
import { smallCopy } from './small-copy.js';
import { StoredValue } from './stored-value.js';

/** How a value is taken over. */
export interface SnapshotOptions {
  /** The name of the whole, with which paths begin. */
  readonly where: string;
  /**
   * Whether functions are kept from seeing each other's changes: then each opener gets a copy of its own. Otherwise those on the loop share
   * one copy, or, of what is no value and cannot be copied, the caller's own.
   */
  readonly freeze: boolean;
}

/** As `snapshot`, of a small tree of plain objects, arrays and primitives; `undefined` for everything else, values or not. */
export function smallSnapshot(value: object, freeze: boolean): StoredValue | undefined {
  const small = smallCopy(value);
  if (!small) return undefined;
  const { copy, sizeBytes } = small;
  return freeze ? StoredValue.fresh(() => smallCopy(copy)!.copy, sizeBytes, 'caller') : StoredValue.live(copy, sizeBytes, 'caller');
}

/**
 * The caller's value as it is now: what the caller changes in it afterwards has no effect. One walk. Throws `HANDOFF_NOT_SERIALIZABLE` with
 * the path for what is no value.
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
