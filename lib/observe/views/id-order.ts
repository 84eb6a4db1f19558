// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';

/** So many ids are sorted, or merged, in one step. */
const SORTED_IN_STEP = 1024;
const MERGED_IN_STEP = 4096;

/** The functions of a run in the order of their ids, for as many as there were. */
interface IdOrder {
  readonly order: Int32Array;
  /** By function, its place. */
  readonly places: Int32Array;
}

const orders = new WeakMap<ObservedRun, IdOrder>();

/**
 * Returns by function its place in the order of ids (by code units), of the first `size` functions. Made in steps, once for as many
 * functions as there are; those of a run that grows are merged into what is sorted already.
 */
export function* idPlaces(run: ObservedRun, size: number): StepwiseWork<Int32Array> {
  const known = orders.get(run);
  if (known && known.places.length >= size) return known.places;
  const ids: string[] = [];
  for (let index = 0; index < size; index += 1) {
    ids.push(run.idOf(index));
    if (index % MERGED_IN_STEP === MERGED_IN_STEP - 1) yield;
  }
  let sorted: Int32Array[] = known ? [known.order] : [];
  for (let from = known?.order.length ?? 0; from < size; from += SORTED_IN_STEP) {
    const part = Int32Array.from({ length: Math.min(SORTED_IN_STEP, size - from) }, (_one, at) => from + at);
    sorted.push(part.sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1)));
    yield;
  }
  while (sorted.length > 1) {
    const merged: Int32Array[] = [];
    for (let at = 0; at < sorted.length; at += 2) {
      const [a, b] = [sorted[at]!, sorted[at + 1]];
      merged.push(b ? yield* mergeSorted(a, b, ids) : a);
    }
    sorted = merged;
  }
  const order = sorted[0] ?? new Int32Array(0);
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place += 1) places[order[place]!] = place;
  orders.set(run, { order, places });
  return places;
}

function* mergeSorted(a: Int32Array, b: Int32Array, ids: readonly string[]): StepwiseWork<Int32Array> {
  const merged = new Int32Array(a.length + b.length);
  let [i, j] = [0, 0];
  for (let at = 0; at < merged.length; at += 1) {
    const isOfA = j === b.length || (i < a.length && ids[a[i]!]! < ids[b[j]!]!);
    merged[at] = isOfA ? a[i++]! : b[j++]!;
    if (at % MERGED_IN_STEP === MERGED_IN_STEP - 1) yield;
  }
  return merged;
}
