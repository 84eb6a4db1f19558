import { countLarge } from './idle-collection.js';

/**
 * Hint size, bytes: as much as V8 lets memory outside its heap grow before it collects. It exceeds the blocks that glibc keeps for reuse,
 * so its pages are never touched.
 */
const STEP_BYTES = 64 * 1024 * 1024;

let uncountedBytes = 0;

/** Allocates zeroed memory that threads share. */
export function sharedMemory(sizeBytes: number): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(sizeBytes));
  countShared(sizeBytes);
  return memory;
}

/**
 * Counts shared memory that was made in this thread or came to it. V8 does not count it, so a thread that only passes large values on would
 * never collect unused ones, and grow without bound. The remedy: allocate as much memory that V8 does count. It is never touched and is
 * garbage at once.
 */
export function countShared(sizeBytes: number): void {
  countLarge(sizeBytes);
  uncountedBytes += sizeBytes;
  if (uncountedBytes < STEP_BYTES) return;
  try {
    new ArrayBuffer(uncountedBytes);
  } catch {
    // The system refuses the memory. V8 has collected what it could before it reported that.
  }
  uncountedBytes = 0;
}
