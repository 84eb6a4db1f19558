import { Deserializer, Serializer } from 'node:v8';
import { HandoffError, textOf } from '../base/index.js';
import { BINARY, isBinary, packBinary, unpackBinary } from './binary.js';
import { freezeDeep, type Survey, survey } from './check.js';
import { isScalar, packScalar, unpackScalar } from './scalar.js';
import { putBack, type SetApart, setApart } from './set-apart.js';
import { sharedMemory } from './shared-memory.js';

/** A value as bytes: its own, or in memory that threads share. Never changed once made. */
export type Packed = Uint8Array;

/** Begins a value whose errors and Buffers stand apart. */
const APART = 0x02;

/** From this size on a packed value lies in shared memory, so that it crosses threads without a copy; below, a copy is cheaper. */
const SHARED_FROM_BYTES = 16 * 1024;

/** How a value is packed. */
export interface PackOptions {
  /** The name of the whole, with which paths begin. */
  readonly where: string;
  /** Whether large ones are laid where other threads can read them. Default false. */
  readonly shared?: boolean;
}

/**
 * Packs a value: as structured clone does it, but that it refuses what a clone would lose (see `check`), keeps errors whole, and takes of a
 * view only its own bytes where the view is the whole value. Throws `HANDOFF_NOT_SERIALIZABLE` with the path.
 */
export function pack(value: unknown, { where, shared = false }: PackOptions): Packed {
  return packSurveyed(value, survey(value, { where, freeze: false }), where, shared);
}

/** As `pack`, for a value whose survey is at hand. */
export function packSurveyed(value: unknown, { needsCare }: Survey, where: string, shared: boolean): Packed {
  const allocate = (sizeBytes: number): Uint8Array =>
    shared && sizeBytes >= SHARED_FROM_BYTES ? sharedMemory(sizeBytes) : new Uint8Array(sizeBytes);
  const scalar = packScalar(value);
  if (scalar) return scalar;
  if (isBinary(value)) return packBinary(value, allocate);
  const written = needsCare ? packApart(value, where) : write(value, where);
  if (!shared || written.byteLength < SHARED_FROM_BYTES) return written;
  const packed = allocate(written.byteLength);
  packed.set(written);
  return packed;
}

/**
 * An independent copy of what was packed. With `freeze`, plain objects and arrays in it are frozen. Throws `HANDOFF_NOT_SERIALIZABLE` for
 * bytes that nobody has packed: they came from elsewhere.
 */
export function unpack(packed: Packed, options: { readonly freeze: boolean }): unknown {
  return opened(() => unpacked(packed, options));
}

/** What `open` gives. Throws `HANDOFF_NOT_SERIALIZABLE` where that throws anything. */
export function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot open a value: ${textOf(cause)}`, { cause });
  }
}

function unpacked(packed: Packed, { freeze }: { readonly freeze: boolean }): unknown {
  if (isScalar(packed)) return unpackScalar(packed);
  if (packed[0] === BINARY) return unpackBinary([packed]);
  const isApart = packed[0] === APART;
  const read = readAll(isApart ? packed.subarray(1) : packed);
  const value = isApart ? putBack(read as SetApart) : read;
  return freeze ? freezeDeep(value) : value;
}

/** What was packed and came in parts, in one piece, where other threads can read it if it is large. */
export function joined(parts: readonly Uint8Array[], sizeBytes: number): Packed {
  const [first] = parts;
  if (first && parts.length === 1 && (sizeBytes < SHARED_FROM_BYTES || first.buffer instanceof SharedArrayBuffer)) return first;
  const packed = sizeBytes >= SHARED_FROM_BYTES ? sharedMemory(sizeBytes) : new Uint8Array(sizeBytes);
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

/** Packs a value that is known to be one, with its errors and Buffers apart. */
export const packApart = (value: unknown, where: string): Packed => write(setApart(value), where, APART);

function readAll(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}
