import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { machineTimer } from '../base/index.js';

/** Large memory is collected once this much of it may have become garbage, bytes. */
const ENOUGH_BYTES = 32 * 1024 * 1024;

/** Collection starts after this long without further large values, ms. */
const QUIET_MS = 1000;

let countedBytes = 0;
let seenBytes = 0;
let isWatching = false;

/**
 * Counts bytes of large values that passed through this thread or were released in it. Their memory lies outside V8's heap, and V8 collects
 * only when something is allocated: an idle thread would keep all memory that ever passed. So a collection runs once no large value has
 * come for a second. A call costs an addition.
 */
export function countLarge(bytes: number): void {
  countedBytes += bytes;
  if (countedBytes < ENOUGH_BYTES || isWatching) return;
  isWatching = true;
  watch();
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
