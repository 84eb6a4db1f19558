import { inspect } from 'node:util';
import type { FunctionSpec } from '../build/function-spec.js';
import type { Graph, GraphSnapshot } from '../graph/graph.js';

/**
 * A map that can only be read, whatever a cast says. A frozen `Map` still has its `set`, and `Map.prototype.set.call` evades any override.
 */
abstract class ReadOnly<T> implements ReadonlyMap<string, T> {
  abstract readonly size: number;
  abstract get(id: string): T | undefined;
  protected abstract pairs(): Generator<[string, T]>;

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  forEach(action: (value: T, id: string, map: ReadonlyMap<string, T>) => void, thisArg?: unknown): void {
    for (const [id, value] of this.pairs()) action.call(thisArg, value, id, this);
  }

  entries(): MapIterator<[string, T]> {
    return this.pairs() as MapIterator<unknown> as MapIterator<[string, T]>;
  }

  *#keys(): Generator<string> {
    for (const [id] of this.pairs()) yield id;
  }

  *#values(): Generator<T> {
    for (const [, value] of this.pairs()) yield value;
  }

  keys(): MapIterator<string> {
    return this.#keys() as MapIterator<unknown> as MapIterator<string>;
  }

  values(): MapIterator<T> {
    return this.#values() as MapIterator<unknown> as MapIterator<T>;
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Map';
  }

  [inspect.custom](): ReadonlyMap<string, T> {
    return new Map(this);
  }
}

/** The functions of a graph by id, in the order of adding. A live view. */
export class FunctionsById extends ReadOnly<FunctionSpec> {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    super();
    this.#graph = graph;
    Object.freeze(this);
  }

  /** Returns the graph behind a map of this class, or `undefined` for any other object. */
  static graphOf(map: object): Graph | undefined {
    return #graph in map ? map.#graph : undefined;
  }

  get size(): number {
    return this.#graph.specs.length;
  }

  get(id: string): FunctionSpec | undefined {
    const found = this.#graph.find(id);
    return found > 0 ? this.#graph.specs[found - 1] : undefined;
  }

  protected *pairs(): Generator<[string, FunctionSpec]> {
    for (const spec of this.#graph.specs) yield [spec.id, spec];
  }
}

/**
 * The indices of the regular functions by id, at one moment. It uses the graph's own map of ids: filling another map would double the time
 * to compile.
 */
export class IndexById extends ReadOnly<number> {
  readonly #snapshot: GraphSnapshot;
  readonly #ids: readonly string[];
  /** The index by position; larger than any index for an inline function. `undefined` if index and position are the same. */
  readonly #indexAt: Int32Array | undefined;

  constructor(snapshot: GraphSnapshot, ids: readonly string[], indexAt: Int32Array | undefined) {
    super();
    this.#snapshot = snapshot;
    this.#ids = ids;
    this.#indexAt = indexAt;
  }

  get size(): number {
    return this.#ids.length;
  }

  get(id: string): number | undefined {
    const position = this.#snapshot.find(id) - 1;
    if (position < 0) return undefined;
    const index = this.#indexAt === undefined ? position : this.#indexAt[position]!;
    return index < this.#ids.length ? index : undefined;
  }

  protected *pairs(): Generator<[string, number]> {
    for (const [index, id] of this.#ids.entries()) yield [id, index];
  }
}
