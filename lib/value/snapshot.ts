import { HandoffError } from '../base/index.js';
import { check, surfaceSize, survey } from './check.js';
import { Held } from './held.js';
import { packSurveyed, unpack } from './pack.js';
import { smallCopy } from './small-copy.js';

/** How a value is taken over. */
export interface SnapshotOptions {
  /** The name of the whole, with which paths begin. */
  readonly where: string;
  /**
   * Whether functions are kept from seeing each other's changes: then each opener gets a copy of its own. Otherwise those on the loop share one copy,
   * or, of what is no value and cannot be copied, the caller's own.
   */
  readonly freeze: boolean;
}

/** As `snapshot`, of a small tree of plain objects, arrays and primitives; `undefined` for everything else, values or not. */
export function smallSnapshot(value: object, freeze: boolean): Held | undefined {
  const small = smallCopy(value);
  if (!small) return undefined;
  const { copy, sizeBytes } = small;
  return freeze ? Held.fresh(() => smallCopy(copy)!.copy, sizeBytes, 'caller') : Held.live(copy, sizeBytes, 'caller');
}

/**
 * The caller's value as it is now: what the caller changes in it afterwards has no effect. One walk. Throws `HANDOFF_NOT_SERIALIZABLE` with the path for
 * what is no value.
 */
export function snapshot(value: unknown, { where, freeze }: SnapshotOptions): Held {
  if (typeof value !== 'object' || value === null) {
    if (!freeze && (typeof value === 'function' || typeof value === 'symbol')) return Held.live(value, surfaceSize(value), 'caller');
    return Held.live(value, check(value, { where, freeze: false }), 'caller');
  }
  const small = smallSnapshot(value, freeze);
  if (small) return small;
  try {
    const packed = packSurveyed(value, survey(value, { where, freeze: false }), where, true);
    return freeze ? Held.packed(packed, 'caller') : Held.live(unpack(packed, { freeze: false }), packed.byteLength, 'caller');
  } catch (error) {
    if (freeze || !HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
    return Held.live(value, surfaceSize(value), 'caller');
  }
}
