import { inspect } from 'node:util';
import type { FunctionSpec } from './function-spec.js';

/**
 * A map of functions that can only be read, whatever a cast says: a frozen `Map` still has its `set`, and `Map.prototype.set.call` passes by
 * any override. Live: it shows what is added to the map behind it.
 */
export class FunctionsView implements ReadonlyMap<string, FunctionSpec> {
  readonly #map: ReadonlyMap<string, FunctionSpec>;

  constructor(map: ReadonlyMap<string, FunctionSpec>) {
    this.#map = map;
    Object.freeze(this);
  }

  get size(): number {
    return this.#map.size;
  }

  get(id: string): FunctionSpec | undefined {
    return this.#map.get(id);
  }

  has(id: string): boolean {
    return this.#map.has(id);
  }

  forEach(action: (spec: FunctionSpec, id: string, map: ReadonlyMap<string, FunctionSpec>) => void, thisArg?: unknown): void {
    for (const [id, spec] of this.#map) action.call(thisArg, spec, id, this);
  }

  entries(): MapIterator<[string, FunctionSpec]> {
    return this.#map.entries();
  }

  keys(): MapIterator<string> {
    return this.#map.keys();
  }

  values(): MapIterator<FunctionSpec> {
    return this.#map.values();
  }

  [Symbol.iterator](): MapIterator<[string, FunctionSpec]> {
    return this.#map.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Map';
  }

  [inspect.custom](): ReadonlyMap<string, FunctionSpec> {
    return new Map(this.#map);
  }
}
