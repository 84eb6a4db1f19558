import type { FunctionSpec } from '../build/function-spec.js';
import type { DefinedIds, Graph } from '../graph/graph.js';
import { ReadOnly } from './read-only.js';

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
  readonly #defined: DefinedIds;
  readonly #ids: readonly string[];
  /** The index by position; larger than any index for an inline function. `undefined` if index and position are the same. */
  readonly #indexAt: Int32Array | undefined;

  /** `ids`: those of the regular functions at that moment. */
  constructor(defined: DefinedIds, ids: readonly string[], indexAt: Int32Array | undefined) {
    super();
    this.#defined = defined;
    this.#ids = ids;
    this.#indexAt = indexAt;
  }

  get size(): number {
    return this.#ids.length;
  }

  get(id: string): number | undefined {
    const position = this.#defined.find(id) - 1;
    if (position < 0) return undefined;
    // What was added later has a position that is too large.
    const index = this.#indexAt === undefined ? position : this.#indexAt[position];
    return index !== undefined && index < this.#ids.length ? index : undefined;
  }

  protected *pairs(): Generator<[string, number]> {
    for (const [index, id] of this.#ids.entries()) yield [id, index];
  }
}
