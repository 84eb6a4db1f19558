import { ReadOnly } from '../read-only.js';
import type { ExpandedDag } from './expanded-dag.js';
import { type PlanShape, partAt } from './plan-shape.js';

/**
 * The indices of the functions of a growing plan, by id. What a run adds needs no table, which would take a second to fill for a million:
 * the id of a part begins with that of its map or expansion.
 */
export class GrownIndexById extends ReadOnly<number> {
  readonly #shape: PlanShape;
  readonly #base: ReadonlyMap<string, number>;
  /** By expansion, the DAG that it gave. */
  readonly #expanded: ReadonlyMap<number, ExpandedDag>;

  constructor(shape: PlanShape, base: ReadonlyMap<string, number>, expanded: ReadonlyMap<number, ExpandedDag>) {
    super();
    this.#shape = shape;
    this.#base = base;
    this.#expanded = expanded;
  }

  get size(): number {
    return this.#shape.size;
  }

  get(id: string): number | undefined {
    let within: Within | undefined = { rest: id, find: (rest) => this.#base.get(rest) };
    while (within) {
      const known: number | undefined = within.find(within.rest) ?? this.#elementIn(within);
      if (known !== undefined) return known;
      within = this.#insidesIn(within);
    }
    return undefined;
  }

  #elementIn({ rest, find }: Within): number | undefined {
    const [, name, digits] = /^(.*)\[(0|[1-9]\d*)\]$/s.exec(rest) ?? [];
    const map = name === undefined ? undefined : find(name);
    if (map === undefined || !this.#shape.growth!.maps.has(map)) return undefined;
    return this.#partAt(map, Number(digits));
  }

  /** Ids may have slashes themselves: the id of an expansion ends before one of them. */
  #insidesIn({ rest, find }: Within): Within | undefined {
    for (let slash = rest.indexOf('/'); slash >= 0; slash = rest.indexOf('/', slash + 1)) {
      const expansion = find(rest.slice(0, slash));
      const expanded = expansion === undefined ? undefined : this.#expanded.get(expansion);
      if (!expanded) continue;
      const inside = (id: string): number | undefined => {
        const index = expanded.plan.indexOf.get(id);
        return index === undefined ? undefined : this.#partAt(expansion!, expanded.placeAt(index));
      };
      return { rest: rest.slice(slash + 1), find: inside };
    }
    return undefined;
  }

  #partAt(composite: number, place: number): number | undefined {
    const parts = this.#shape.added!.parts.get(composite);
    const index = parts ? partAt(parts, place) : -1;
    return index < 0 ? undefined : index;
  }

  protected *pairs(): Generator<[string, number]> {
    const { ids, size } = this.#shape;
    for (let index = 0; index < size; index += 1) yield [ids[index]!, index];
  }
}

/** What is looked for, and the functions of the DAG where it may be. */
interface Within {
  readonly rest: string;
  find(id: string): number | undefined;
}
