/** First bytes of packed values that are no objects. What v8 writes begins with 0xff. */
const UNDEFINED = 0x10;
const NULL = 0x11;
const TRUE = 0x12;
const FALSE = 0x13;
const NUMBER = 0x14;
const LATIN = 0x15;
const LAST = LATIN;

/** The longest string that is packed here, characters. For longer ones v8 is faster, and it packs all characters. */
const LONGEST_STRING = 64;

const NUMBER_BYTES = 8;
const number = new Float64Array(1);
const numberBytes = new Uint8Array(number.buffer);

/** Whether it is a primitive that can be a value. */
export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');

/**
 * Fast path for small results: undefined, null, booleans, numbers (all of them, -0 and NaN included) and short strings of one-byte
 * characters. Returns `undefined` for everything else. v8 needs a new serializer for each value, which takes 4 µs; this takes a twentieth.
 */
export function packScalar(value: unknown): Uint8Array | undefined {
  const sizeBytes = scalarBytes(value);
  if (sizeBytes === 0) return undefined;
  const packed = new Uint8Array(sizeBytes);
  writeScalar(value, packed, 0);
  return packed;
}

/** Returns the packed size of a value that is packed here, bytes; 0 for any other value. */
export function scalarBytes(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return 1 + NUMBER_BYTES;
    case 'string':
      return isShortLatin(value) ? 1 + value.length : 0;
    case 'boolean':
    case 'undefined':
      return 1;
    default:
      return value === null ? 1 : 0;
  }
}

/** Writes a value that is packed here into bytes that have room for it, from `at` on. Returns where it ends. */
export function writeScalar(value: unknown, into: Uint8Array, at: number): number {
  switch (typeof value) {
    case 'number':
      into[at] = NUMBER;
      number[0] = value;
      for (let byte = 0; byte < NUMBER_BYTES; byte += 1) into[at + 1 + byte] = numberBytes[byte]!;
      return at + 1 + NUMBER_BYTES;
    case 'string':
      into[at] = LATIN;
      for (let byte = 0; byte < value.length; byte += 1) into[at + 1 + byte] = value.charCodeAt(byte);
      return at + 1 + value.length;
    case 'boolean':
      into[at] = value ? TRUE : FALSE;
      return at + 1;
    default:
      into[at] = value === null ? NULL : UNDEFINED;
      return at + 1;
  }
}

/** Whether the bytes were made by `packScalar`. */
export const isScalar = (packed: Uint8Array): boolean => packed[0]! >= UNDEFINED && packed[0]! <= LAST;

/** Unpacks what `packScalar` made, or `writeScalar` from `begin` to `end`. Throws `RangeError` for other bytes. */
export function unpackScalar(packed: Uint8Array, begin = 0, end = packed.byteLength): unknown {
  const kind = begin < end ? packed[begin]! : 0;
  if (kind === LATIN) return String.fromCharCode(...packed.subarray(begin + 1, end));
  if (end - begin !== (kind === NUMBER ? 1 + NUMBER_BYTES : 1)) throw new RangeError(`Cannot unpack: ${end - begin} bytes`);
  switch (kind) {
    case NUMBER:
      for (let at = 0; at < NUMBER_BYTES; at += 1) numberBytes[at] = packed[begin + 1 + at]!;
      return number[0];
    case TRUE:
    case FALSE:
      return kind === TRUE;
    case NULL:
      return null;
    case UNDEFINED:
      return undefined;
    default:
      throw new RangeError(`Cannot unpack: there is no kind ${kind}`);
  }
}

function isShortLatin(value: string): boolean {
  if (value.length > LONGEST_STRING) return false;
  for (let at = 0; at < value.length; at += 1) if (value.charCodeAt(at) > 0xff) return false;
  return true;
}
