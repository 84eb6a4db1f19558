// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import type { RunIndex } from './run-index.js';

/** How many edges are looked at in one step. */
const LOOKED_AT_IN_STEP = 4096;

interface Bytes {
  readonly count: number;
  readonly size: number;
  readonly resultBytes: number;
  readonly movedBytes: number;
}

const known = new WeakMap<RunIndex, Bytes>();

/**
 * Counts the bytes of all results, and of those that functions on other nodes needed: each value once for each node. The value of a map or
 * an expansion consists of those of its parts, which are counted. In steps; made again only when one more attempt is over.
 */
export function* resultBytesOf(run: ObservedRun, index: RunIndex): StepwiseWork<Bytes> {
  const { rowsTo: count, size } = index;
  const before = known.get(index);
  if (before?.count === count && before.size === size) return before;
  const composites = new Set<number>();
  for (let at = 0; at < size; at += 1) {
    const whole = run.partOf(at);
    if (whole !== undefined) composites.add(whole);
    if (at % LOOKED_AT_IN_STEP === LOOKED_AT_IN_STEP - 1) yield;
  }
  const needs = new Needs(run);
  let [resultBytes, movedBytes, left] = [0, 0, LOOKED_AT_IN_STEP];
  for (let at = 0; at < size; at += 1) {
    const sizeBytes = run.sizeBytesOf(at);
    left -= 1;
    if (sizeBytes !== undefined && sizeBytes > 0 && !composites.has(at)) {
      resultBytes += sizeBytes;
      const nodes = needs.nodesOf(at);
      left -= nodes.lookedAt;
      const made = run.nodeOf(at);
      if (made !== undefined) movedBytes += sizeBytes * (nodes.needing.size - (nodes.needing.has(made) ? 1 : 0));
    }
    if (left > 0) continue;
    yield;
    left = LOOKED_AT_IN_STEP;
  }
  const bytes = { count, size, resultBytes, movedBytes };
  known.set(index, bytes);
  return bytes;
}

/** Which nodes need a value. What no function consumes itself, such as an element of a map, is needed by those that consume the whole. */
class Needs {
  readonly #run: ObservedRun;
  /** By map or expansion: there may be 100,000 parts of one. */
  readonly #ofWholes = new Map<number, ReadonlySet<string>>();

  constructor(run: ObservedRun) {
    this.#run = run;
  }

  nodesOf(index: number): { readonly needing: ReadonlySet<string>; readonly lookedAt: number } {
    const consumers = this.#run.consumersOf(index);
    if (consumers.length > 0) return { needing: this.#nodesWhereRan(consumers), lookedAt: consumers.length };
    const whole = this.#wholeOf(index);
    if (whole === undefined) return { needing: NO_NODES, lookedAt: 0 };
    const known = this.#ofWholes.get(whole);
    if (known) return { needing: known, lookedAt: 0 };
    const consumersOfWhole = this.#run.consumersOf(whole);
    const needing = this.#nodesWhereRan(consumersOfWhole);
    this.#ofWholes.set(whole, needing);
    return { needing, lookedAt: consumersOfWhole.length };
  }

  /** The innermost map or expansion around a part that something consumes; the outermost if nothing does. */
  #wholeOf(part: number): number | undefined {
    let whole = this.#run.partOf(part);
    while (whole !== undefined && this.#run.consumersOf(whole).length === 0) {
      const outer = this.#run.partOf(whole);
      if (outer === undefined) return whole;
      whole = outer;
    }
    return whole;
  }

  #nodesWhereRan(functions: readonly number[]): Set<string> {
    const nodes = new Set<string>();
    for (const one of functions) {
      const node = this.#run.attemptOf(one) > 0 ? this.#run.nodeOf(one) : undefined;
      if (node !== undefined) nodes.add(node);
    }
    return nodes;
  }
}

const NO_NODES: ReadonlySet<string> = new Set();
