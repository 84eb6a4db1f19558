import { inSteps, makeRoom, type RestOfWork, restAfter, type StepwiseWork, withRoom } from '../../../base/index.js';
import type { FunctionSpec, Isolation } from '../../build/function-spec.js';
import type { CallRecipe } from '../call-recipe.js';
import type { Plan } from '../plan.js';
import type { ExpandedDag } from './expanded-dag.js';
import { GrownIndexById } from './grown-index.js';
import { INLINE_ARGUMENT, type PlanPart } from './plan-part.js';
import { growingShapeInSteps, type PlanShape, partAt, placeOf } from './plan-shape.js';

/** A plan as a run reads it. */
export type RunPlan = Plan | GrowingPlan;

/**
 * The plan of one run that may grow, read like a `Plan`. It shares its shape with the brain, which appends to it; `extend` then adds what
 * only others need. Read its columns anew each time: growing replaces them.
 */
export class GrowingPlan {
  /** The plan of the DAG itself, which other runs share. */
  readonly base: Plan;
  readonly shape: PlanShape;
  readonly specs: readonly FunctionSpec[];
  readonly isolation: readonly Isolation[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** By expansion, the DAG that it gave. */
  readonly #expanded = new Map<number, ExpandedDag>();
  #argsStart: Int32Array;
  #args: Int32Array;

  constructor(base: Plan, shape: PlanShape, argsStart: Int32Array, args: Int32Array) {
    this.base = base;
    this.shape = shape;
    this.specs = base.specs.slice();
    this.isolation = base.isolation.slice();
    this.#argsStart = argsStart;
    this.#args = args;
    this.indexOf = new GrownIndexById(shape, base.indexOf, this.#expanded);
  }

  get dagId(): string {
    return this.base.dagId;
  }

  get definitionId(): string {
    return this.base.definitionId;
  }

  get inputs(): readonly string[] {
    return this.base.inputs;
  }

  get size(): number {
    return this.shape.size;
  }

  get ids(): readonly string[] {
    return this.shape.ids;
  }

  get dependentsStart(): Int32Array {
    return this.shape.dependentsStart;
  }

  get dependents(): Int32Array {
    return this.shape.dependents;
  }

  get producersStart(): Int32Array {
    return this.shape.producersStart;
  }

  get producers(): Int32Array {
    return this.shape.producers;
  }

  get argsStart(): Int32Array {
    return this.#argsStart;
  }

  get args(): Int32Array {
    return this.#args;
  }

  get retries(): PlanShape['retries'] {
    return this.shape.retries;
  }

  get growth(): PlanShape['growth'] {
    return this.shape.growth;
  }

  get caching(): PlanShape['caching'] {
    return this.shape.caching;
  }

  get added(): NonNullable<PlanShape['added']> {
    return this.shape.added!;
  }

  /** Adds what others than the brain need of functions that have been appended to the shape. */
  extend({ fragment, specs, isolation, argsStart, args, expanded }: PlanPart): void {
    const { by, from } = fragment;
    const count = specs.length;
    if (from !== this.specs.length) throw new Error(`functions from index ${from} on cannot extend a plan of ${this.specs.length}`);
    if (expanded) this.#expanded.set(by, expanded);
    const start = this.#argsStart[from]!;
    this.#argsStart = withRoom(this.#argsStart, from + count + 1, 11);
    this.#args = withRoom(this.#args, start + args.length, 12);
    this.#args.set(args, start);
    makeRoom(this.specs as FunctionSpec[], from + count, 24);
    makeRoom(this.isolation as Isolation[], from + count, 25);
    for (let k = 0; k < count; k += 1) {
      (this.specs as FunctionSpec[]).push(specs[k]!);
      (this.isolation as Isolation[]).push(isolation[k]!);
      this.#argsStart[from + k + 1] = start + argsStart[k + 1]!;
    }
  }

  /** As in `Plan`. Then the arguments of an element begin with what it is an element of, or with the function whose value it is. */
  isSimple(index: number): boolean {
    const parent = this.added.parentOf[index]!;
    if (parent < 0) return this.base.isSimple(index);
    const expanded = this.#expanded.get(parent);
    return expanded ? expanded.plan.isSimple(expanded.indexAt(this.#placeIn(parent, index))) : this.isSimple(parent);
  }

  /** As in `Plan`. The element of an array that goes to a function is its first argument. */
  recipe(index: number): CallRecipe {
    const parent = this.added.parentOf[index]!;
    if (parent < 0) return this.base.recipe(index);
    const expanded = this.#expanded.get(parent);
    if (!expanded) return this.#elementRecipe(index, parent);
    const parts = this.added.parts.get(parent)!;
    return expanded.recipe(placeOf(parts, index), (place) => partAt(parts, place));
  }

  #elementRecipe(index: number, map: number): CallRecipe {
    const { over } = this.growth!.maps.get(map)!;
    const id = over < 0 ? this.inputs[-over - 1]! : this.ids[over]!;
    const { steps } = this.recipe(map);
    const own = steps.at(-1)!;
    const element = { from: 'element', map, place: this.#placeIn(map, index), id } as const;
    return { steps: [...steps.slice(0, -1), { ...own, functionId: this.ids[index]!, sources: [element, ...own.sources] }] };
  }

  /** Returns which element an element of a map is; `undefined` for other functions. */
  elementOf(index: number): ElementOf | undefined {
    const map = this.added.parentOf[index]!;
    return map >= 0 && this.growth!.maps.has(map) ? { map, place: this.#placeIn(map, index) } : undefined;
  }

  /** Returns within how many expansions a function is. */
  depthOf(index: number): number {
    const { parentOf } = this.added;
    let depth = 0;
    for (let at = parentOf[index]!; at >= 0; at = parentOf[at]!) if (this.growth!.expansions.has(at)) depth += 1;
    return depth;
  }

  #placeIn(parent: number, index: number): number {
    return placeOf(this.added.parts.get(parent)!, index);
  }
}

/** The map that a function is an element of, and its place there. */
interface ElementOf {
  readonly map: number;
  readonly place: number;
}

/** Copies a plan for a run that may grow, in steps. */
export function* growingPlanOf(base: Plan): StepwiseWork<GrowingPlan> {
  const { size, functions } = base;
  const shape = yield* growingShapeInSteps(base.shape);
  yield* restAfter(size);
  const args = withRoom(base.args.subarray(0, base.argsStart[size]), base.args.length + 1, 12);
  if (functions.length > size) yield* withoutInlines(args, base);
  const plan = new GrowingPlan(base, shape, withRoom(base.argsStart.subarray(0, size + 1), size + 2, 11), args);
  yield* restAfter(size);
  makeRoom(plan.specs as FunctionSpec[], size + 1, 24);
  yield* restAfter(size);
  makeRoom(plan.isolation as Isolation[], size + 1, 25);
  return plan;
}

function withoutInlines(args: Int32Array, { size, argsStart }: Plan): RestOfWork<void> {
  return inSteps(argsStart[size]!, (from, to) => {
    for (let at = from; at < to; at += 1) if (args[at]! >= size) args[at] = INLINE_ARGUMENT;
  });
}
