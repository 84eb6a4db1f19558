import type { CallRecipe, RecipeSource } from '../call-recipe.js';
import type { Plan } from '../plan.js';

/**
 * The DAG that an expansion gave, as parts of the plan of a run. Places are the order in which its functions are added, each after those it
 * waits for. Mostly that is the order of their indices.
 */
export class ExpandedDag {
  /** The plan of the DAG by itself: it has no inputs. */
  readonly plan: Plan;
  /** What the ids begin with. */
  readonly prefix: string;
  /** The place of each function; `undefined` if it is the index. */
  readonly #places: Int32Array | undefined;

  constructor(plan: Plan, expansionId: string) {
    this.plan = plan;
    this.prefix = `${expansionId}/`;
    const { topological, size } = plan;
    if (topological.every((index, place) => index === place)) return;
    const places = new Int32Array(size);
    for (let place = 0; place < size; place += 1) places[topological[place]!] = place;
    this.#places = places;
  }

  /** Whether places are indices. */
  get isInOrder(): boolean {
    return this.#places === undefined;
  }

  /** Returns the index that a function has in `plan`. */
  indexAt(place: number): number {
    return this.#places ? this.plan.topological[place]! : place;
  }

  placeAt(index: number): number {
    return this.#places ? this.#places[index]! : index;
  }

  /** Returns the recipe of a function for the plan of the run; `partAt` gives the index there of a place. */
  recipe(place: number, partAt: (place: number) => number): CallRecipe {
    const { prefix } = this;
    const source = (one: RecipeSource): RecipeSource =>
      one.from === 'function' ? { from: 'function', index: partAt(this.placeAt(one.index)), id: prefix + one.id } : one;
    const { steps } = this.plan.recipe(this.indexAt(place));
    return { steps: steps.map((step) => ({ ...step, functionId: prefix + step.functionId, sources: step.sources.map(source) })) };
  }
}
