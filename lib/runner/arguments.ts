import { HandoffError } from '../base/index.js';
import type { Plan, ProgramStep, Source } from '../dag/index.js';
import type { PlacedStep } from '../executor/index.js';
import { check, Held } from '../value/index.js';

/** Finds the values of a run: by function index, or by input id. */
export interface ValueSource {
  ofFunction(index: number): Held;
  ofInput(id: string): Held;
}

/** Makes the steps of attempts out of a plan and the values that are there. One for each run. */
export class Arguments {
  readonly #plan: Plan;
  readonly #values: ValueSource;
  readonly #strict: boolean;
  readonly #extras = new Map<number, Held>();

  /** `strict`: constants that are no values are refused even where they cross no thread. */
  constructor(plan: Plan, values: ValueSource, strict: boolean) {
    this.#plan = plan;
    this.#values = values;
    this.#strict = strict;
  }

  /** What an attempt at the function runs on `node`. Throws `HANDOFF_NOT_SERIALIZABLE` for constants that are no values. */
  steps(index: number, node: string): readonly PlacedStep[] {
    const plan = this.#plan;
    if (!plan.isSimple(index)) return plan.program(index).steps.map((step) => this.#programStep(step, node));
    const spec = plan.specs[index]!;
    const from = plan.argsStart[index]!;
    const count = plan.argsStart[index + 1]! - from;
    const inputs = new Array<Held>(count);
    for (let position = 0; position < count; position += 1) {
      const source = plan.args[from + position]!;
      inputs[position] = source >= 0 ? this.#values.ofFunction(source) : this.#values.ofInput(plan.inputs[-source - 1]!);
    }
    const asList = spec.argumentInclusion === 'as-list';
    const extra = spec.extraArgs.length === 0 ? undefined : this.#extra(index, spec.id, spec.extraArgs);
    return [
      { role: 'function', functionId: spec.id, code: spec.code, isolation: plan.isolation[index]!, inputs, asList, extra, wanted: true },
    ];
  }

  #programStep(step: ProgramStep, node: string): PlacedStep {
    const { role, functionId, code, isolation, asList } = step;
    const inputs = step.sources.map((source) => this.#input(source));
    const isEdge = role === 'serialize' || role === 'deserialize';
    // One node makes and uses the value, so that source and target are the same.
    const extraArgs = isEdge ? [node, node, ...step.extraArgs] : step.extraArgs;
    const extra = extraArgs.length === 0 ? undefined : this.#held(functionId, extraArgs);
    return { role, functionId, code, isolation, inputs, asList, extra, wanted: false };
  }

  #input(source: Source): Held | number {
    if (source.from === 'step') return source.step;
    return source.from === 'input' ? this.#values.ofInput(source.id) : this.#values.ofFunction(source.index);
  }

  #extra(index: number, functionId: string, extraArgs: readonly unknown[]): Held {
    let extra = this.#extras.get(index);
    if (!extra) {
      extra = this.#held(functionId, extraArgs);
      this.#extras.set(index, extra);
    }
    return extra;
  }

  #held(functionId: string, extraArgs: readonly unknown[]): Held {
    try {
      return Held.live(extraArgs, this.#strict ? check(extraArgs, { where: 'extraArgs', freeze: false }) : 0, 'caller');
    } catch (error) {
      if (HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) {
        throw new HandoffError(error.code, error.message, { functionId, path: error.path });
      }
      throw error;
    }
  }
}
