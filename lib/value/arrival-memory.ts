import { BINARY, HEADER_BYTES } from './binary.js';
import { sharedMemory } from './shared-memory.js';

/**
 * From this size on a value is assembled as it arrives, in memory that threads share, bytes. Assembling it at the end would block the loop,
 * at about 1 ms per MiB of new pages.
 */
const GATHERED_FROM_BYTES = 4 * 1024 * 1024;

/**
 * Returns memory in which an arriving value is assembled, so that nothing needs to be joined at the end. Returns `undefined` for small
 * values.
 */
export const arrivalMemory = (sizeBytes: number): readonly Uint8Array[] | undefined =>
  sizeBytes >= GATHERED_FROM_BYTES ? [sharedMemory(sizeBytes)] : undefined;

/** The same for a value with a sole user, which begins with `begin`: binary data will be alone in its memory. */
export const soleArrivalMemory = (sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined =>
  isOfBinary(sizeBytes, begin) ? partsOfBinary(sizeBytes) : arrivalMemory(sizeBytes);

/** Returns memory for a packed value that begins with `begin` and goes to one reader, in this thread: only binary data has two parts. */
export const ownMemory = (sizeBytes: number, begin: Uint8Array): readonly Uint8Array[] =>
  isOfBinary(sizeBytes, begin) ? partsOfBinary(sizeBytes) : [Buffer.allocUnsafeSlow(sizeBytes)];

const isOfBinary = (sizeBytes: number, begin: Uint8Array | undefined): boolean => begin?.[0] === BINARY && sizeBytes >= HEADER_BYTES;

const partsOfBinary = (sizeBytes: number): readonly Uint8Array[] => [
  new Uint8Array(HEADER_BYTES),
  Buffer.allocUnsafeSlow(sizeBytes - HEADER_BYTES),
];
