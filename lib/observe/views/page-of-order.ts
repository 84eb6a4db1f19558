// Brain: pure.

/** Whether `a` comes before `b`. It must never be so both ways, and is so one way unless they are the same. */
export type Before = (a: number, b: number) => boolean;

/**
 * Returns what is at places `from` up to `to` if `items` were sorted, without sorting all of them. Changes the order of `items`. Linear in
 * the number of items, and sorts the page alone.
 */
export function pageInOrder(items: Int32Array, from: number, to: number, isBefore: Before): Int32Array {
  const end = Math.min(to, items.length);
  if (from >= end) return items.subarray(0, 0);
  if (from > 0) divide(items, 0, items.length, from, isBefore);
  if (end < items.length) divide(items, from, items.length, end, isBefore);
  return items.subarray(from, end).sort((a, b) => (a === b ? 0 : isBefore(a, b) ? -1 : 1));
}

/** Brings the items that belong before place `at` there (quickselect, with the median of three as pivot). */
function divide(items: Int32Array, from: number, to: number, at: number, isBefore: Before): void {
  let [low, high] = [from, to - 1];
  while (low < high) {
    const pivot = medianOf(items[low]!, items[(low + high) >>> 1]!, items[high]!, isBefore);
    let [i, j] = [low, high];
    while (i <= j) {
      while (isBefore(items[i]!, pivot)) i += 1;
      while (isBefore(pivot, items[j]!)) j -= 1;
      if (i > j) break;
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
      i += 1;
      j -= 1;
    }
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else return;
  }
}

function medianOf(a: number, b: number, c: number, isBefore: Before): number {
  if (isBefore(a, b)) return isBefore(b, c) ? b : isBefore(a, c) ? c : a;
  return isBefore(a, c) ? a : isBefore(b, c) ? c : b;
}
