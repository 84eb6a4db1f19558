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

/**
 * Fast path for small results: undefined, null, booleans, numbers (all of them, -0 and NaN included) and short strings of one-byte
 * characters. Returns `undefined` for everything else. v8 needs a new serializer for each value, which takes 4 µs; this takes a twentieth.
 */
export function packScalar(value: unknown): Uint8Array | undefined {
  switch (typeof value) {
    case 'number': {
      const packed = new Uint8Array(1 + NUMBER_BYTES);
      packed[0] = NUMBER;
      number[0] = value;
      for (let at = 0; at < NUMBER_BYTES; at += 1) packed[1 + at] = numberBytes[at]!;
      return packed;
    }
    case 'string':
      return packString(value);
    case 'boolean':
      return Uint8Array.of(value ? TRUE : FALSE);
    case 'undefined':
      return Uint8Array.of(UNDEFINED);
    default:
      return value === null ? Uint8Array.of(NULL) : undefined;
  }
}

/** Whether the bytes were made by `packScalar`. */
export const isScalar = (packed: Uint8Array): boolean => packed[0]! >= UNDEFINED && packed[0]! <= LAST;

/** Unpacks what `packScalar` made. Throws `RangeError` for other bytes. */
export function unpackScalar(packed: Uint8Array): unknown {
  const kind = packed[0]!;
  if (kind === LATIN) return String.fromCharCode(...packed.subarray(1));
  if (packed.byteLength !== (kind === NUMBER ? 1 + NUMBER_BYTES : 1)) throw new RangeError(`Cannot unpack: ${packed.byteLength} bytes`);
  switch (kind) {
    case NUMBER:
      for (let at = 0; at < NUMBER_BYTES; at += 1) numberBytes[at] = packed[1 + at]!;
      return number[0];
    case TRUE:
    case FALSE:
      return kind === TRUE;
    default:
      return kind === NULL ? null : undefined;
  }
}

function packString(value: string): Uint8Array | undefined {
  const { length } = value;
  if (length > LONGEST_STRING) return undefined;
  const packed = new Uint8Array(1 + length);
  packed[0] = LATIN;
  for (let at = 0; at < length; at += 1) {
    const code = value.charCodeAt(at);
    if (code > 0xff) return undefined;
    packed[1 + at] = code;
  }
  return packed;
}
