import type { RecipeSource, RecipeStep, RunPlan } from '../../../dag/index.js';
import type { ArgumentValue, AttemptContext, RemoteValue, UngatheredStep } from '../../../executor/index.js';
import { isDigestAsked } from '../../remember/asked-digests.js';
import { askedOf } from './asked-facts.js';
import type { Constants } from './constants.js';
import type { RunValues } from './run-values.js';
import type { SerializedFor } from './serialized-values.js';

/** Makes the steps of attempts from a plan and the present values. One for each run. */
export class Arguments {
  readonly #plan: RunPlan;
  readonly #values: RunValues;
  readonly #constants: Constants;
  readonly #remembers: boolean;

  /** `remembers`: whether results are remembered, so that digests are needed. */
  constructor(plan: RunPlan, values: RunValues, constants: Constants, remembers: boolean) {
    this.#plan = plan;
    this.#values = values;
    this.#constants = constants;
    this.#remembers = remembers;
  }

  /** Returns the steps of an attempt on `node`. Throws `HANDOFF_NOT_SERIALIZABLE` for constants that are not values. */
  steps(index: number, { node, attempt, since, element }: AttemptContext): readonly UngatheredStep[] {
    const plan = this.#plan;
    if (!plan.isSimple(index)) return this.#programSteps(index, node, { id: plan.ids[index]!, attempt, since, element });
    const spec = plan.specs[index]!;
    const functionId = plan.ids[index]!;
    const from = plan.argsStart[index]!;
    const count = plan.argsStart[index + 1]! - from;
    const inputs = new Array<ArgumentValue>(count);
    if (element !== undefined) inputs[0] = this.#values.ofElement(plan.added!.parentOf[index]!, element, node, index);
    for (let position = element === undefined ? 0 : 1; position < count; position += 1) {
      const source = plan.args[from + position]!;
      inputs[position] = source >= 0 ? this.#values.ofProducer(source, node, index) : this.#values.ofInput(plan.inputs[-source - 1]!, node);
    }
    const asList = spec.argumentInclusion === 'as-list';
    const extra = spec.extraArgs.length === 0 ? undefined : this.#values.constants(this.#constants.held(functionId, spec.extraArgs), node);
    const isSole = this.#values.isSole(index);
    const isolation = plan.isolation[index]!;
    const { code } = spec;
    const step = { role: 'function', functionId, code, isolation, inputs, asList, extra, wanted: true, isSole } as const;
    return [plan.growth || this.#remembers ? this.#asking(step, index) : step];
  }

  /** Inline functions and deserializers run with the function; a serializer runs where its value was made. */
  #programSteps(index: number, node: string, consumer: SerializedFor): readonly UngatheredStep[] {
    const { steps } = this.#plan.recipe(index);
    const placed: UngatheredStep[] = [];
    const isSole = this.#values.isSole(index);
    /** For each step of the recipe, the attempt's step or the value to fetch. */
    const became: (number | RemoteValue)[] = [];
    const input = (source: RecipeSource): ArgumentValue | number => {
      if (source.from === 'step') return became[source.step]!;
      if (source.from === 'element') return this.#values.ofElement(source.map, source.place, node, index);
      return source.from === 'input' ? this.#values.ofInput(source.id, node) : this.#values.ofFunction(source.index, node);
    };
    for (const step of steps) {
      const { role, functionId, code, isolation, asList } = step;
      const source = step.sources[0]!;
      const isEdge = role === 'serialize' || role === 'deserialize';
      const origin = isEdge ? this.#originOf(source, steps, node) : node;
      const { extraArgs } = step;
      const held = isEdge
        ? this.#constants.after([origin, node], functionId, extraArgs)
        : extraArgs.length === 0
          ? undefined
          : this.#constants.held(functionId, extraArgs);
      if (role === 'serialize' && origin !== node) {
        const producer = source.from === 'function' ? source.index : undefined;
        became.push(this.#values.serialized(step, producer, held!, consumer));
        continue;
      }
      const inputs = step.sources.map(input);
      const extra = held && this.#values.constants(held, node);
      const wanted = role === 'function';
      const isResult = wanted && isSole;
      became.push(placed.push({ role, functionId, code, isolation, inputs, asList, extra, wanted, isSole: isResult }) - 1);
    }
    if (this.#plan.growth || this.#remembers) placed.push(this.#asking(placed.pop()!, index));
    return placed;
  }

  /** Adds what the plan must know of the function's value to its step. */
  #asking(step: UngatheredStep, index: number): UngatheredStep {
    const { growth } = this.#plan;
    if (growth?.expansions.has(index)) return { ...step, shape: 'dag' };
    const asked = askedOf(growth, index);
    const isDigested = this.#remembers && isDigestAsked(this.#plan.shape, index);
    if (!asked) return isDigested ? { ...step, isDigested } : step;
    return { ...step, gist: asked.gist, shape: asked.isSplit ? 'split' : undefined, ...(isDigested && { isDigested }) };
  }

  /** Returns the node where the value of an edge was made: that of its producer. An inline function is evaluated where it is needed. */
  #originOf(source: RecipeSource, steps: readonly RecipeStep[], node: string): string {
    if (source.from === 'input') return this.#values.originOf(undefined);
    // A composite, or what another node remembers, is made nowhere: the whole is serialized where it is consumed.
    if (source.from === 'function') {
      const { index } = source;
      const isMadeNowhere = this.#values.isComposite(index) || this.#values.isRememberedElsewhere(index);
      return isMadeNowhere ? node : this.#values.originOf(index);
    }
    if (source.from === 'element') return node;
    const step = steps[source.step]!;
    return step.role === 'serialize' ? this.#originOf(step.sources[0]!, steps, node) : node;
  }
}
