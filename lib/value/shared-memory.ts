import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { countLarge } from './idle-collection.js';

/**
 * So much shared memory is hinted at together, bytes: at least as much as V8 lets memory outside its heap grow before it collects. It
 * exceeds the blocks that glibc keeps for reuse, so its pages are never touched.
 */
const LEAST_STEP_BYTES = 64 * 1024 * 1024;
const MOST_STEP_BYTES = 256 * 1024 * 1024;
/** A collection costs as much as the heap is large: there is one for each so many times the heap. */
const STEP_OF_HEAP = 2;
/** On a machine with much memory they may be rarer: so much of it may be unused in each thread. */
const STEP_OF_MACHINE = 1 / 192;

const stepNow = (): number => {
  const wanted = Math.max(getHeapStatistics().used_heap_size * STEP_OF_HEAP, totalmem() * STEP_OF_MACHINE);
  return Math.min(MOST_STEP_BYTES, Math.max(LEAST_STEP_BYTES, wanted));
};

let stepBytes = LEAST_STEP_BYTES;
let uncountedBytes = 0;
let isWatching = false;

/** Tells when V8 has collected: its calls come after full collections only. */
const collections = new FinalizationRegistry(() => {
  uncountedBytes = 0;
  isWatching = false;
});

/** From this size on bytes lie in memory that threads share, and cross them without a copy. Below it a copy is cheaper. */
export const SHARED_FROM_BYTES = 16 * 1024;

/** Allocates zeroed memory: shared by threads if it is large. */
export const memoryOf = (sizeBytes: number): Uint8Array =>
  sizeBytes < SHARED_FROM_BYTES ? new Uint8Array(sizeBytes) : sharedMemory(sizeBytes);

/** Allocates zeroed memory that threads share. */
export function sharedMemory(sizeBytes: number): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(sizeBytes));
  countShared(sizeBytes);
  return memory;
}

/**
 * Counts shared memory that was made in this thread or came to it. V8 does not count it, so a thread that only passes large values on would
 * never collect unused ones, and grow without bound. The remedy: allocate as much memory that V8 does count. It is never touched and is
 * garbage at once. Where V8 has collected for another reason it is counted from there on.
 */
export function countShared(sizeBytes: number): void {
  countLarge(sizeBytes);
  uncountedBytes += sizeBytes;
  if (!isWatching) {
    isWatching = true;
    collections.register({}, undefined);
  }
  if (uncountedBytes < stepBytes) return;
  stepBytes = stepNow();
  if (uncountedBytes < stepBytes) return;
  try {
    new ArrayBuffer(uncountedBytes);
  } catch {
    // The system refuses the memory. V8 has collected what it could before it reported that.
  }
  uncountedBytes = 0;
}
