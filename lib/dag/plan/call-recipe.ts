import type { AnyFunction, CodeRef } from '../build/function-ref.js';
import type { FunctionSpec, Isolation } from '../build/function-spec.js';
import type { Layout } from './layout.js';

/**
 * The evaluation of one function: the inline functions and (de)serializers that it needs, each once per attempt, and last the function
 * itself.
 */
export interface CallRecipe {
  /** The steps, each after those it needs; the last one is the function itself. */
  readonly steps: readonly RecipeStep[];
}

/**
 * One call of user code. A (de)serializer also receives the names of the producer's and the consumer's node, which the plan cannot know.
 */
export interface RecipeStep {
  readonly role: 'function' | 'inline' | 'serialize' | 'deserialize';
  /** The function that this code belongs to; for a (de)serializer, the producer of its edge. */
  readonly functionId: string;
  readonly code: AnyFunction | CodeRef;
  /** The function as its own DAG has it; for a (de)serializer the one whose argument it makes. */
  readonly spec: FunctionSpec;
  /** Where it runs: a plain function in the loop, a reference where its function runs. */
  readonly isolation: Isolation;
  /** The sources of its arguments, in order. */
  readonly sources: readonly RecipeSource[];
  /** Whether the sources are passed as one array in first place. */
  readonly asList: boolean;
  /** Constants passed after the arguments. */
  readonly extraArgs: readonly unknown[];
}

/**
 * The source of an argument: the result of a regular function, an input, or an earlier step of the same recipe. An element of the map with
 * that index also takes what stands at its place of the array under `id`, which the map goes over.
 */
export type RecipeSource =
  | { readonly from: 'function'; readonly index: number; readonly id: string }
  | { readonly from: 'input'; readonly id: string }
  | { readonly from: 'step'; readonly step: number }
  | { readonly from: 'element'; readonly map: number; readonly place: number; readonly id: string };

const NO_EXTRA: readonly unknown[] = Object.freeze([]);

/** Returns the recipe of regular function `index`. */
export function buildRecipe(layout: Layout, index: number): CallRecipe {
  const { functions, size, args, evaluated } = layout;
  const isolation = layout.isolation[index]!;
  const steps: RecipeStep[] = [];
  const stepOf = new Map<number, number>();
  const push = (step: Omit<RecipeStep, 'isolation'>): number =>
    steps.push({ ...step, isolation: typeof step.code === 'function' ? 'loop' : isolation }) - 1;

  const sourceOf = (number: number): RecipeSource => {
    if (number < 0) return { from: 'input', id: layout.inputs[-number - 1]! };
    if (number < size) return { from: 'function', index: number, id: layout.ids[number]! };
    return { from: 'step', step: stepOf.get(number)! };
  };
  const evaluate = (number: number, role: 'function' | 'inline'): void => {
    const spec = functions[number]!;
    const sources = spec.args.map((arg, k): RecipeSource => {
      let source = sourceOf(args.items[args.start[number]! + k]!);
      if (typeof arg === 'string') return source;
      for (const transform of ['serialize', 'deserialize'] as const) {
        const code = arg[transform];
        if (code === undefined) continue;
        const step = push({
          role: transform,
          functionId: arg.id,
          code,
          spec,
          sources: [source],
          asList: false,
          extraArgs: arg.extra ?? NO_EXTRA,
        });
        source = { from: 'step', step };
      }
      return source;
    });
    const { id, code, extraArgs, argumentInclusion } = spec;
    stepOf.set(number, push({ role, functionId: id, code, spec, sources, asList: argumentInclusion === 'as-list', extraArgs }));
  };
  if (evaluated !== undefined) {
    for (let k = evaluated.start[index]!; k < evaluated.start[index + 1]!; k++) evaluate(evaluated.items[k]!, 'inline');
  }
  evaluate(index, 'function');
  return { steps };
}
