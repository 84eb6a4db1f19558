import type { StepwiseWork } from '../../base/index.js';

/** So many keys are sorted at once. */
const KEYS_AT_ONCE = 2048;

/** Sorts keys by their characters, in steps: half a million take a second at once. Merges runs, the shorter ones first. */
export function* sortedKeys(keys: string[]): StepwiseWork<string[]> {
  let runs: string[][] = [];
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    runs.push(keys.slice(at, at + KEYS_AT_ONCE).sort());
    if (keys.length > KEYS_AT_ONCE) yield;
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let k = 0; k < runs.length; k += 2) merged.push(k + 1 < runs.length ? yield* inOrder(runs[k]!, runs[k + 1]!) : runs[k]!);
    runs = merged;
  }
  return runs[0] ?? [];
}

function* inOrder(one: readonly string[], other: readonly string[]): StepwiseWork<string[]> {
  const all: string[] = [];
  let a = 0;
  let b = 0;
  while (a < one.length || b < other.length) {
    all.push(b === other.length || (a < one.length && one[a]! < other[b]!) ? one[a++]! : other[b++]!);
    if (all.length % KEYS_AT_ONCE === 0) yield;
  }
  return all;
}
