// Brain: pure.
import { type Adjacency, transposed } from './adjacency.js';

/**
 * Returns one cycle for each strongly connected component that has any, ordered by lowest index. It is a shortest cycle through the
 * component's lowest index, and begins there; it follows `consumers` and does not repeat the first index. Linear: each component is
 * searched once.
 */
export function findCycles(producers: Adjacency): number[][] {
  const size = producers.start.length - 1;
  const consumers = transposed(producers, size);
  const component = componentsOf(consumers);
  const cycles: number[][] = [];
  const isSearched = new Uint8Array(size);
  const cameFrom = new Int32Array(size).fill(-1);
  for (let first = 0; first < size; first++) {
    if (isSearched[component[first]!] === 1) continue;
    isSearched[component[first]!] = 1;
    const cycle = shortestCycle(consumers, component, first, cameFrom);
    if (cycle !== undefined) cycles.push(cycle);
  }
  return cycles;
}

/**
 * Searches the component of `first` breadth first until an edge leads back to it. `cameFrom` is shared: no index is visited for two
 * components.
 */
function shortestCycle({ start, items }: Adjacency, component: Int32Array, first: number, cameFrom: Int32Array): number[] | undefined {
  const queue = [first];
  for (let at = 0; at < queue.length; at++) {
    const current = queue[at]!;
    for (let k = start[current]!; k < start[current + 1]!; k++) {
      const next = items[k]!;
      if (next === first) {
        const cycle: number[] = [];
        for (let i = current; i !== first; i = cameFrom[i]!) cycle.push(i);
        return [first, ...cycle.reverse()];
      }
      if (component[next] !== component[first] || cameFrom[next] !== -1) continue;
      cameFrom[next] = current;
      queue.push(next);
    }
  }
  return undefined;
}

/**
 * Returns the number of each index's strongly connected component. It keeps a stack of its own: a chain of 100,000 must not overflow the
 * machine's. Source: Tarjan, "Depth-first search and linear graph algorithms", 1972.
 */
function componentsOf({ start, items }: Adjacency): Int32Array {
  const size = start.length - 1;
  const component = new Int32Array(size).fill(-1);
  const visited = new Int32Array(size);
  const lowest = new Int32Array(size);
  const cursor = start.slice(0, size);
  const open: number[] = [];
  const path: number[] = [];
  let visits = 0;
  let components = 0;
  const enter = (index: number): void => {
    visited[index] = lowest[index] = ++visits;
    open.push(index);
    path.push(index);
  };
  for (let root = 0; root < size; root++) {
    if (visited[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const current = path[path.length - 1]!;
      if (cursor[current]! < start[current + 1]!) {
        const next = items[cursor[current]!++]!;
        if (visited[next] === 0) enter(next);
        else if (component[next] === -1) lowest[current] = Math.min(lowest[current]!, visited[next]!);
        continue;
      }
      path.pop();
      if (path.length > 0) {
        const parent = path[path.length - 1]!;
        lowest[parent] = Math.min(lowest[parent]!, lowest[current]!);
      }
      if (lowest[current] !== visited[current]) continue;
      for (let member = open.pop()!; ; member = open.pop()!) {
        component[member] = components;
        if (member === current) break;
      }
      components++;
    }
  }
  return component;
}
