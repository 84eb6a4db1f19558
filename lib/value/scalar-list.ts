import { scalarBytes, unpackScalar, writeScalar } from './scalar.js';

/** The first byte of a packed array of a few primitives. */
const LIST = 0x16;

/** The most elements of an array that is packed here. For more v8 is as fast. */
const MOST_ELEMENTS = 16;

/**
 * Fast path for what most functions have as constants: an array of a few values that `packScalar` packs. Each of them follows its size,
 * which fits into a byte. Returns `undefined` for every other array. It must be dense, without properties besides its elements.
 */
export function packScalarList(list: readonly unknown[]): Uint8Array | undefined {
  const { length } = list;
  if (length > MOST_ELEMENTS) return undefined;
  let sizeBytes = 1;
  for (let at = 0; at < length; at += 1) {
    const size = scalarBytes(list[at]);
    if (size === 0) return undefined;
    sizeBytes += 1 + size;
  }
  const packed = new Uint8Array(sizeBytes);
  packed[0] = LIST;
  let end = 1;
  for (let at = 0; at < length; at += 1) {
    const begin = end + 1;
    const element = list[at];
    end = writeScalar(element, packed, begin);
    packed[begin - 1] = end - begin;
  }
  return packed;
}

/** Whether the bytes were made by `packScalarList`. */
export const isScalarList = (packed: Uint8Array): boolean => packed[0] === LIST;

/** Unpacks what `packScalarList` made: a new array each time. Throws `RangeError` for other bytes. */
export function unpackScalarList(packed: Uint8Array): unknown[] {
  const list: unknown[] = [];
  for (let begin = 2; begin <= packed.byteLength; ) {
    const end = begin + packed[begin - 1]!;
    if (end > packed.byteLength) throw new RangeError('Cannot unpack: an element of an array is not there');
    list.push(unpackScalar(packed, begin, end));
    begin = end + 1;
  }
  return list;
}
