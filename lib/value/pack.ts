import { Deserializer, Serializer } from 'node:v8';
import { HandoffError, textOf } from '../base/index.js';
import { BINARY, isBinary, packBinary, unpackBinary } from './binary.js';
import { freezeDeep, type Survey, survey } from './check.js';
import { isOfParts, PartWriter, unpackParts } from './part-table.js';
import { isScalar, packScalar, unpackScalar } from './scalar.js';
import { isScalarList, packScalarList, unpackScalarList } from './scalar-list.js';
import { putBack, type SetApart, setApart } from './set-apart.js';
import { memoryOf, SHARED_FROM_BYTES } from './shared-memory.js';

/** The first byte of a value whose errors and Buffers stand apart. */
const APART = 0x02;

/**
 * Packs a value as structured clone does, with three differences: it refuses what a clone would lose (see `check`), keeps errors whole, and
 * takes only the own bytes of a view that is the whole value. Throws `HANDOFF_NOT_SERIALIZABLE` with the path.
 */
export function pack(value: unknown, { where, shared = false }: PackOptions): Packed {
  return packSurveyed(value, survey(value, { where, freeze: false }), where, shared);
}

/** Like `pack`, for a value that has been surveyed. */
export function packSurveyed(value: unknown, { needsCare, isDense }: Survey, where: string, shared: boolean): Packed {
  const allocate = (sizeBytes: number): Uint8Array => (shared ? memoryOf(sizeBytes) : new Uint8Array(sizeBytes));
  const small = Array.isArray(value) && isDense ? packScalarList(value) : packScalar(value);
  if (small) return small;
  if (isBinary(value)) return packBinary(value, allocate);
  const written = needsCare ? packApart(value, where) : write(value, where);
  if (!shared || written.byteLength < SHARED_FROM_BYTES) return written;
  const packed = allocate(written.byteLength);
  packed.set(written);
  return packed;
}

/**
 * Packs an array that has been surveyed, each element by itself: none shares an object with another any more, and a hole becomes
 * `undefined`. Opens as the array. Throws as `pack` does.
 */
export function packElements(list: readonly unknown[], { needsCare, hasFields }: Survey, where: string, shared: boolean): Packed {
  const writer = new PartWriter(list.length, hasFields ? 'fields' : undefined);
  for (let at = 0; at < list.length; at += 1) {
    const element = list[at];
    if (writer.addScalar(element)) continue;
    const path = `${where}[${at}]`;
    if (!needsCare && !isBinary(element)) writer.addPacked([write(element, path)]);
    else writer.addPacked([pack(element, { where: path })]);
  }
  if (hasFields) writer.addPacked([pack(fieldsOf(list), { where })]);
  const pieces = writer.toPieces();
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  return joined(pieces, sizeBytes, shared);
}

/** Returns the properties of an array besides its elements. */
export function fieldsOf(list: readonly unknown[]): object {
  const keys = Reflect.ownKeys(list);
  const length = keys.lastIndexOf('length');
  return Object.fromEntries(keys.slice(length + 1).map((key) => [key, (list as unknown as Record<PropertyKey, unknown>)[key]]));
}

/**
 * Returns an independent copy of a packed value. With `freeze`, plain objects and arrays in it are frozen. Throws
 * `HANDOFF_NOT_SERIALIZABLE` for bytes that were not packed by this package.
 */
export function unpack(packed: Packed, options: { readonly freeze: boolean }): unknown {
  return opened(() => unpacked(packed, options));
}

/**
 * The same for bytes that nobody else has, in one part, or binary data in two: its header, and the data, whose memory becomes the value's.
 */
export function unpackOwn(parts: readonly Uint8Array[], options: { readonly freeze: boolean }): unknown {
  return opened(() => (parts[0]![0] === BINARY ? unpackBinary(parts, true) : unpacked(parts[0]!, options)));
}

/** Returns what `open` returns. Throws `HANDOFF_NOT_SERIALIZABLE` if `open` throws anything. */
export function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot open a value: ${textOf(cause)}`, { cause });
  }
}

function unpacked(packed: Packed, { freeze }: { readonly freeze: boolean }): unknown {
  if (isScalar(packed)) return unpackScalar(packed);
  if (isScalarList(packed)) return freeze ? Object.freeze(unpackScalarList(packed)) : unpackScalarList(packed);
  if (packed[0] === BINARY) return unpackBinary([packed]);
  if (isOfParts(packed)) {
    return unpackParts(
      packed,
      (part) => unpacked(part, { freeze }),
      (whole) => void (freeze && Object.freeze(whole)),
    );
  }
  const isApart = packed[0] === APART;
  const read = readAll(isApart ? packed.subarray(1) : packed);
  const value = isApart ? putBack(read as SetApart) : read;
  return freeze ? freezeDeep(value) : value;
}

/** Joins the parts of a packed value. With `shared`, a large result lies in memory that other threads can read. */
export function joined(parts: readonly Uint8Array[], sizeBytes: number, shared = true): Packed {
  const [first] = parts;
  if (first && parts.length === 1 && (sizeBytes < SHARED_FROM_BYTES || first.buffer instanceof SharedArrayBuffer)) return first;
  const packed = shared ? memoryOf(sizeBytes) : new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    packed.set(part, at);
    at += part.byteLength;
  }
  return packed;
}

function write(value: unknown, where: string, before?: number): Uint8Array {
  const serializer = new Serializer();
  try {
    if (before !== undefined) serializer.writeRawBytes(Uint8Array.of(before));
    serializer.writeHeader();
    serializer.writeValue(value);
    return serializer.releaseBuffer();
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply' : textOf(error);
    throw new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot pass ${where} on: ${why}`, { path: where, cause: error });
  }
}

/** Packs a checked value with its errors and Buffers apart. */
export const packApart = (value: unknown, where: string): Packed => write(setApart(value), where, APART);

function readAll(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** A value as bytes, in memory of its own or in memory that threads share. Never changed once made. */
export type Packed = Uint8Array;

/** Options of packing. */
export interface PackOptions {
  /** The name of the root value, with which paths begin. */
  readonly where: string;
  /**
   * Whether large values are laid into memory that other threads can read.
   * @default false
   */
  readonly shared?: boolean;
}
