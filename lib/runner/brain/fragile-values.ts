// Brain: pure.
import type { RunState } from './run-state.js';

/** The largest value that is taken to be in the record itself, bytes; see `RECORDED_VALUE_BYTES`. */
const LARGEST_RECORDED_BYTES = 64 * 1024;

/** Whether a value goes with the node that has it, or with the memory of the driver: it is not in the record itself. */
export const isFragile = ({ sizeBytes, isHere }: { readonly sizeBytes: number; readonly isHere: boolean }): boolean =>
  !isHere || sizeBytes > LARGEST_RECORDED_BYTES;

/**
 * A function of a durable run has succeeded, and its value may have to be computed again. What it consumes and is recorded is kept until
 * then: a recorded success does not run again for an argument.
 */
export function holdArguments(state: RunState, index: number): void {
  const { fragile, keepers } = state;
  if (fragile.has(index)) return;
  fragile.add(index);
  for (const producer of producersOf(state, index)) keepers.set(producer, (keepers.get(producer) ?? 0) + 1);
}

/** It will be computed again: it needs its arguments anyway. */
export function fragileRevived(state: RunState, index: number): void {
  if (!state.fragile.delete(index)) return;
  for (const producer of producersOf(state, index)) keeperLess(state, producer);
}

/** Whether a value that no function waits for is kept, as one that was made of it may have to be computed again. */
export const isKept = ({ fragile, keepers }: RunState, index: number): boolean =>
  keepers.size > 0 && keepers.has(index) && !fragile.has(index);

/** Calls `drop` for the values that were kept for that of `from` alone, if nothing needs that any more. */
export function letArgumentsGo(state: RunState, from: number, drop: (index: number) => void): void {
  const { fragile, keepers } = state;
  const toCheck = [from];
  for (let index = toCheck.pop(); index !== undefined; index = toCheck.pop()) {
    if (!fragile.has(index) || keepers.has(index) || isNeeded(state, index)) continue;
    fragile.delete(index);
    for (const producer of producersOf(state, index)) {
      if (keeperLess(state, producer) > 0) continue;
      if (fragile.has(producer)) toCheck.push(producer);
      else if (state.hasValue[producer] === 1) drop(producer);
    }
  }
}

const isNeeded = ({ consumersLeft, policy }: RunState, index: number): boolean =>
  consumersLeft[index] !== 0 || policy.collected[index] !== 0;

function keeperLess({ keepers }: RunState, producer: number): number {
  const left = keepers.get(producer)! - 1;
  if (left > 0) keepers.set(producer, left);
  else keepers.delete(producer);
  return left;
}

const producersOf = ({ plan: { producersStart, producers } }: RunState, index: number): Int32Array =>
  producers.subarray(producersStart[index], producersStart[index + 1]);
