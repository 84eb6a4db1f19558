import { types } from 'node:util';

/** A packed value whose whole is binary begins with this byte; what v8 writes begins with 0xff. */
export const BINARY = 0x01;

/** The bytes before the data: a multiple of the largest element, so that the data can be copied from and to as they stand. */
const HEADER_BYTES = 16;

type ViewClass = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

const VIEWS: readonly ViewClass[] = [
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
const NAMES: readonly string[] = VIEWS.map((view) => view.name);
const ARRAY_BUFFER = 0xfe;
const DATA_VIEW = 0xfd;

/** Whether the value is one piece of binary data, that needs no serializer. */
export const isBinary = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  types.isArrayBufferView(value) || types.isArrayBuffer(value);

/** The bytes of a view or buffer, those of the view alone, behind a header that says what it is. One copy. */
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

/** A copy of what was packed. One copy. A Buffer comes back as a Uint8Array. */
export function unpackBinary(packed: Uint8Array): ArrayBuffer | ArrayBufferView {
  const bytes = new Uint8Array(packed.byteLength - HEADER_BYTES);
  bytes.set(packed.subarray(HEADER_BYTES));
  const code = packed[1]!;
  if (code === ARRAY_BUFFER) return bytes.buffer;
  if (code === DATA_VIEW) return new DataView(bytes.buffer);
  const View = VIEWS[code];
  if (!View) throw new RangeError(`Cannot unpack: unknown kind ${code} of binary data`);
  const { BYTES_PER_ELEMENT } = View as unknown as Uint8ArrayConstructor;
  if (bytes.byteLength % BYTES_PER_ELEMENT !== 0)
    throw new RangeError(`Cannot unpack: ${bytes.byteLength} bytes are no whole ${View.name}`);
  return new View(bytes.buffer, 0, bytes.byteLength / BYTES_PER_ELEMENT);
}

function codeOf(value: ArrayBuffer | ArrayBufferView): number {
  if (!ArrayBuffer.isView(value)) return ARRAY_BUFFER;
  if (types.isDataView(value)) return DATA_VIEW;
  // Told by internal slot: a view of another realm, or a Buffer, is what its slot says.
  return NAMES.indexOf((value as Uint8Array)[Symbol.toStringTag]);
}
