import { type StoredValue, type ThrownData, thrownData } from '../../../value/index.js';
import { RECORDED_VALUE_BYTES } from './records.js';

/** A result above this size is not packed just to see whether it goes into the journal, bytes. */
const PACKED_TO_SEE_BYTES = 2 * RECORDED_VALUE_BYTES;

/** Returns the result, if it is small enough for the journal. */
export function recordable(value: StoredValue | undefined): StoredValue | undefined {
  if (!value || value.scalarBytes > 0) return value;
  return value.sizeBytes <= PACKED_TO_SEE_BYTES && value.pack('result').byteLength <= RECORDED_VALUE_BYTES ? value : undefined;
}

/**
 * Returns the error of a result that cannot be recorded: with `freeze: false`, loop functions may return things that are not values.
 * `hasFiles`: whether large ones are recorded too.
 */
export function unrecordable(value: StoredValue, hasFiles: boolean): ThrownData | undefined {
  const isAlreadyPacked = value.isPacked && !value.isHeldInParts;
  if (isAlreadyPacked || value.scalarBytes > 0 || (value.sizeBytes > PACKED_TO_SEE_BYTES && !hasFiles)) return undefined;
  try {
    value.pack('result');
    return undefined;
  } catch (error) {
    return thrownData(error);
  }
}

/** Reads a value that is on the disk, as those are that were remembered. `undefined` if it is gone: then it is recorded without a value. */
export async function readAway(value: StoredValue): Promise<readonly Uint8Array[] | undefined> {
  try {
    return value.away ? [await value.away.read()] : value.toParts('result');
  } catch {
    return undefined;
  }
}
