import { countLarge } from './idle-collection.js';

/**
 * As much as V8 lets grow outside its heap before it collects, bytes. Larger than any block that glibc keeps for later, so that its pages
 * are never touched.
 */
const STEP_BYTES = 64 * 1024 * 1024;

let uncountedBytes = 0;

/** Memory that threads share, zeros. */
export function sharedMemory(sizeBytes: number): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(sizeBytes));
  countShared(sizeBytes);
  return memory;
}

/**
 * Shared memory has come to this thread, or was made in it. V8 does not count it: a thread that only passes large values on would never
 * collect those that nobody has any more, and grow without bound. So it is told of as much memory that it does count, never touched and
 * garbage at once.
 */
export function countShared(sizeBytes: number): void {
  countLarge(sizeBytes);
  uncountedBytes += sizeBytes;
  if (uncountedBytes < STEP_BYTES) return;
  try {
    new ArrayBuffer(uncountedBytes);
  } catch {
    // As much is not to be had: V8 has collected what it could before it said so.
  }
  uncountedBytes = 0;
}
