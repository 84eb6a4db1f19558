/**
 * Lists of indices, one per index, in two arrays (compressed sparse rows): list i is `items` from `start[i]` up to `start[i + 1]`.
 * A graph of 100,000 functions is two allocations, not 100,000.
 */
export interface Adjacency {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** The lists the other way round: j is in list i of the answer where i is in list j. Items outside 0..size-1 are left out. */
export function transposed({ start, items }: Adjacency, size: number): Adjacency {
  const turnedStart = new Int32Array(size + 1);
  for (let k = 0; k < items.length; k++) {
    const item = items[k]!;
    if (item >= 0 && item < size) turnedStart[item + 1]!++;
  }
  for (let i = 0; i < size; i++) turnedStart[i + 1]! += turnedStart[i]!;
  const next = turnedStart.slice();
  const turned = new Int32Array(turnedStart[size]!);
  for (let row = 0; row + 1 < start.length; row++) {
    for (let k = start[row]!; k < start[row + 1]!; k++) {
      const item = items[k]!;
      if (item >= 0 && item < size) turned[next[item]!++] = row;
    }
  }
  return { start: turnedStart, items: turned };
}

/**
 * An order in which each index comes before its consumers (Kahn, "Topological sorting of large networks", 1962), or `undefined` where
 * there is a cycle. A consumer may be named twice.
 */
export function topologicalOrder({ start, items }: Adjacency): Int32Array | undefined {
  const size = start.length - 1;
  const missing = new Int32Array(size);
  for (let k = 0; k < items.length; k++) missing[items[k]!]!++;
  const order = new Int32Array(size);
  let found = 0;
  for (let i = 0; i < size; i++) if (missing[i] === 0) order[found++] = i;
  for (let done = 0; done < found; done++) {
    const index = order[done]!;
    for (let k = start[index]!; k < start[index + 1]!; k++) {
      const consumer = items[k]!;
      if (--missing[consumer]! === 0) order[found++] = consumer;
    }
  }
  return found === size ? order : undefined;
}
