import { types } from 'node:util';
import { isBuffer } from './value-shape.js';

/** The first byte of a packed value that is one piece of binary data. What v8 writes begins with 0xff. */
export const BINARY = 0x01;

/** The length of the header. It is a multiple of the largest element size, so that the data can be copied in place. */
export const HEADER_BYTES = 16;

type ViewClass = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

const VIEWS: ViewClass[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
// Some supported versions of Node lack it. It comes last, so that the others keep their numbers.
const { Float16Array: Half } = globalThis as { readonly Float16Array?: ViewClass };
if (Half) VIEWS.push(Half);
const NAMES: readonly string[] = VIEWS.map((view) => view.name);
const ARRAY_BUFFER = 0xfe;
const DATA_VIEW = 0xfd;
const BUFFER = 0xfc;

/** Whether the value is one piece of binary data, which needs no serializer. */
export const isBinary = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  types.isArrayBufferView(value) || types.isArrayBuffer(value);

/** Returns the bytes of a view or buffer behind a header with its type. Takes only the view's own bytes. One copy. */
export function packBinary(value: ArrayBuffer | ArrayBufferView, allocate: (sizeBytes: number) => Uint8Array): Uint8Array {
  const packed = allocate(HEADER_BYTES + value.byteLength);
  packed[0] = BINARY;
  packed[1] = codeOf(value);
  packed.set(
    ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value),
    HEADER_BYTES,
  );
  return packed;
}

/** Returns what packed binary data is: `Buffer`, `DataView`, the name of a typed array, or `ArrayBuffer`. */
export function binaryKind(packed: Uint8Array): string {
  const code = packed[1]!;
  if (code === ARRAY_BUFFER) return 'ArrayBuffer';
  if (code === DATA_VIEW) return 'DataView';
  if (code === BUFFER) return 'Buffer';
  return NAMES[code] ?? throwUnknown(code);
}

/** Returns the same parts with a first part at least as long as a header. A network may split anywhere. */
export function withWholeHeader(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (parts.length < 2 || parts[0]!.byteLength >= HEADER_BYTES) return parts;
  let count = 0;
  let bytes = 0;
  while (bytes < HEADER_BYTES && count < parts.length) bytes += parts[count++]!.byteLength;
  const first = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts.slice(0, count)) {
    first.set(part, at);
    at += part.byteLength;
  }
  return [first, ...parts.slice(count)];
}

/** Like `packBinary`, without a copy: the header, then the bytes themselves. They must not change until they have been used. */
export function binaryParts(value: ArrayBuffer | ArrayBufferView): readonly Uint8Array[] {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = BINARY;
  header[1] = codeOf(value);
  return [header, ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)];
}

/**
 * Unpacks binary data that may have come in several parts, the whole header in the first. Makes one copy. With `isGivenAway`, memory that
 * holds nothing but this data becomes the value's, without a copy.
 */
export function unpackBinary(parts: readonly Uint8Array[], isGivenAway = false): ArrayBuffer | ArrayBufferView {
  const code = parts[0]![1]!;
  const bytes = (isGivenAway && dataAlone(parts)) || dataCopied(parts);
  if (code === ARRAY_BUFFER) return bytes.buffer;
  if (code === DATA_VIEW) return new DataView(bytes.buffer);
  if (code === BUFFER) return Buffer.from(bytes.buffer);
  const View = VIEWS[code] ?? throwUnknown(code);
  const { BYTES_PER_ELEMENT } = View as unknown as Uint8ArrayConstructor;
  if (bytes.byteLength % BYTES_PER_ELEMENT !== 0)
    throw new RangeError(`Cannot unpack: ${bytes.byteLength} bytes are no whole ${View.name}`);
  return new View(bytes.buffer, 0, bytes.byteLength / BYTES_PER_ELEMENT);
}

function throwUnknown(code: number): never {
  throw new RangeError(`Cannot unpack: unknown kind ${code} of binary data`);
}

function dataAlone(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
  const [header, data] = parts;
  if (parts.length !== 2 || header!.byteLength !== HEADER_BYTES || !(data!.buffer instanceof ArrayBuffer)) return undefined;
  return data!.byteLength === data!.buffer.byteLength ? new Uint8Array(data!.buffer) : undefined;
}

function dataCopied(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  // All of it is written over, so it need not be zeroed.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.byteLength, 0) - HEADER_BYTES).buffer);
  let at = 0;
  for (const part of parts) {
    const data = part === first ? part.subarray(HEADER_BYTES) : part;
    bytes.set(data, at);
    at += data.byteLength;
  }
  return bytes;
}

function codeOf(value: ArrayBuffer | ArrayBufferView): number {
  if (!ArrayBuffer.isView(value)) return ARRAY_BUFFER;
  if (types.isDataView(value)) return DATA_VIEW;
  if (isBuffer(value)) return BUFFER;
  // Found by internal slot, so that views of other realms are recognised.
  return NAMES.indexOf((value as Uint8Array)[Symbol.toStringTag]);
}
