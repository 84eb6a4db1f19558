import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { machineTimer } from '../base/index.js';

/** So much of large memory may have become garbage before it is collected, bytes. */
const ENOUGH_BYTES = 32 * 1024 * 1024;

/** How long no more of it must have come, ms. */
const QUIET_MS = 1000;

let countedBytes = 0;
let seenBytes = 0;
let isWatching = false;

/**
 * Large values have passed through this thread, or were let go of here, bytes. Their memory lies outside V8's heap, and V8 collects when
 * something is made: a thread with nothing to do would keep the memory of all that has passed. So it is collected once nothing large has
 * come for a second. Costs an addition.
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

/** A full garbage collection of this thread. Does nothing where there is no way to ask for one. */
function collect(): void {
  try {
    collector ??= globalThis.gc ?? collectorOfNewContext();
    collector();
  } catch {
    collector = () => {};
  }
}

/** V8 has no other call for it: a context that is made while the flag is set has the function. */
function collectorOfNewContext(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
