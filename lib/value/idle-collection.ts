import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { machineTimer, systemClock } from '../base/index.js';

/** Large memory is collected once this much of it may have become garbage, bytes. */
const ENOUGH_BYTES = 32 * 1024 * 1024;

/** Collection starts after this long without further large values, ms. */
const QUIET_MS = 1000;

/** While huge values come, they are collected so long after that much more of them, ms: by then nothing refers to them any more. */
const SOON_MS = 20;
const SOON_BYTES = 64 * 1024 * 1024;
/** A value is huge from this size on, bytes: only a few of them fit into the memory that V8 lets grow before it collects. */
const HUGE_BYTES = 16 * 1024 * 1024;

/** A collection takes about a millisecond for each MiB of the heap. It is followed by so many times as long without one. */
const REST_SHARE = 50;
const BYTES_PER_MS = 1024 * 1024;

let countedBytes = 0;
let seenBytes = 0;
let isWatching = false;
let newBytes = 0;
let collectedAtMs = Number.NEGATIVE_INFINITY;

/**
 * Counts bytes of large values that passed through this thread or were released in it. Their memory lies outside V8's heap, and V8 collects
 * only when something is allocated: an idle thread would keep all memory that ever passed. So a collection runs once no large value has
 * come for a second. A call costs an addition.
 *
 * V8 does not count shared memory at all. While huge values come, a thread with a small heap collects them after each 64 MiB: for one with
 * a large heap that would take too long.
 */
export function countLarge(bytes: number): void {
  countedBytes += bytes;
  if (bytes >= HUGE_BYTES) countHuge(bytes);
  if (countedBytes < ENOUGH_BYTES || isWatching) return;
  isWatching = true;
  watch();
}

function countHuge(bytes: number): void {
  newBytes += bytes;
  if (newBytes < SOON_BYTES) return;
  newBytes = Number.NEGATIVE_INFINITY;
  machineTimer(SOON_MS, collectSoon);
}

function collectSoon(): void {
  newBytes = 0;
  const nowMs = systemClock.now();
  const tookMs = getHeapStatistics().used_heap_size / BYTES_PER_MS;
  if (nowMs - collectedAtMs < tookMs * REST_SHARE) return;
  collectedAtMs = nowMs;
  collect();
}

function watch(): void {
  seenBytes = countedBytes;
  machineTimer(QUIET_MS, () => {
    if (countedBytes !== seenBytes) return watch();
    isWatching = false;
    countedBytes = 0;
    collect();
  });
}

let collector: (() => void) | undefined;

/** Runs a full garbage collection of this thread, if V8 offers one. */
function collect(): void {
  try {
    collector ??= globalThis.gc ?? collectorOfNewContext();
    collector();
  } catch {
    collector = () => {};
  }
}

/** Returns V8's collector. The only way to it: a context created while the flag is set has the function. */
function collectorOfNewContext(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
