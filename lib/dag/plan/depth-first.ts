import { atOnce, type RestOfWork, resultInSteps } from '../../base/index.js';
import type { Adjacency } from '../graph/adjacency.js';

/** The part of a layout that an order of its functions is made of. */
interface Links {
  readonly size: number;
  readonly producers: Adjacency;
  readonly dependents: Adjacency;
  readonly sinks: Int32Array;
}

/**
 * Returns the place of each function in a depth-first order: what was begun is finished before anything else begins, so few values are
 * held at once. Each sink comes right after what it needs: the sinks in the order given, the producers of a function in the order of their
 * indices. A function whose producers are all placed goes at once if it is the last to use one of them, or a sink: it frees a value, or
 * makes none that others wait for. Returns `undefined` if the places are the indices. Works in steps, linear in functions and arguments.
 */
export function depthFirstPositions(links: Links): RestOfWork<Int32Array | undefined> {
  const { size, producers } = links;
  if (producers.items.length === 0) return atOnce<Int32Array | undefined>(undefined);
  const walk = new DepthFirstWalk(links);
  return resultInSteps(
    2 * (size + producers.items.length) + links.sinks.length,
    (from, to) => walk.go(to - from),
    () => (walk.isInOrder ? undefined : walk.positions),
  );
}

/** The walk, from each sink to its producers and back. */
class DepthFirstWalk {
  readonly positions: Int32Array;
  /** Whether each function so far has the place of its index. */
  isInOrder = true;
  readonly #links: Links;
  /** The way from a sink to where the walk is, and by function the argument that it follows next. */
  readonly #way: Int32Array;
  #depth = 0;
  readonly #next: Int32Array;
  /** By function, how many of its producers, and of the functions that wait for it, have no place yet. */
  readonly #missing: Int32Array;
  readonly #waiting: Int32Array;
  #sink = 0;
  #placed = 0;
  /** Functions to be placed at once, the last one first. */
  readonly #ready: number[] = [];

  constructor(links: Links) {
    const { size, producers, dependents } = links;
    this.#links = links;
    this.positions = new Int32Array(size).fill(-1);
    this.#way = new Int32Array(size);
    this.#next = producers.start.slice(0, size);
    this.#missing = lengthsOf(producers);
    this.#waiting = lengthsOf(dependents);
  }

  /** Goes so many steps, or to the end: each follows an argument, or places a function. */
  go(steps: number): void {
    const { positions } = this;
    const { sinks, producers } = this.#links;
    const { start, items } = producers;
    const way = this.#way;
    const next = this.#next;
    const ready = this.#ready;
    let depth = this.#depth;
    for (let step = 0; step < steps; step += 1) {
      if (ready.length > 0) {
        const index = ready.pop()!;
        if (positions[index]! < 0) this.#place(index);
        continue;
      }
      let following = -1;
      if (depth > 0) {
        const at = way[depth - 1]!;
        const argument = next[at]!;
        if (argument < start[at + 1]!) {
          next[at] = argument + 1;
          following = items[argument]!;
        } else {
          depth -= 1;
          if (positions[at]! < 0) this.#place(at);
        }
      } else if (this.#sink < sinks.length) following = sinks[this.#sink++]!;
      else break;
      if (following >= 0 && positions[following]! < 0) way[depth++] = following;
    }
    this.#depth = depth;
  }

  #place(index: number): void {
    const { positions } = this;
    const { producers, dependents } = this.#links;
    const ready = this.#ready;
    const missing = this.#missing;
    const waiting = this.#waiting;
    const placed = this.#placed++;
    positions[index] = placed;
    if (placed !== index) this.isInOrder = false;
    for (let k = producers.start[index]!; k < producers.start[index + 1]!; k += 1) {
      const producer = producers.items[k]!;
      const left = waiting[producer]! - 1;
      waiting[producer] = left;
      if (left === 1) this.#placeLastOf(producer);
    }
    for (let k = dependents.start[index + 1]! - 1; k >= dependents.start[index]!; k -= 1) {
      const dependent = dependents.items[k]!;
      const left = missing[dependent]! - 1;
      missing[dependent] = left;
      if (left === 0 && this.#mayGo(dependent)) ready.push(dependent);
    }
  }

  /** One function without a place waits for it. It goes at once, if it needs nothing else. */
  #placeLastOf(producer: number): void {
    const { positions } = this;
    const { start, items } = this.#links.dependents;
    for (let k = start[producer]!; k < start[producer + 1]!; k += 1) {
      const dependent = items[k]!;
      if (positions[dependent]! >= 0) continue;
      if (this.#missing[dependent] === 0) this.#ready.push(dependent);
      return;
    }
  }

  #mayGo(index: number): boolean {
    const { producers, dependents } = this.#links;
    if (dependents.start[index] === dependents.start[index + 1]) return true;
    for (let k = producers.start[index]!; k < producers.start[index + 1]!; k += 1) {
      if (this.#waiting[producers.items[k]!] === 1) return true;
    }
    return false;
  }
}

function lengthsOf({ start }: Adjacency): Int32Array {
  const lengths = new Int32Array(start.length - 1);
  for (let row = 0; row < lengths.length; row += 1) lengths[row] = start[row + 1]! - start[row]!;
  return lengths;
}
