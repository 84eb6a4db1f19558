import { type RestOfWork, resultInSteps } from '../../base/index.js';
import type { CodeRef, Plan, RunPlan } from '../../dag/index.js';

/** How many durations are remembered in all. The DAGs that ran longest ago are forgotten first. */
export const DURATIONS_KEPT = 200_000;
const REFERENCES_KEPT = 10_000;

interface Mean {
  meanMs: number;
  count: number;
}

const nameOf = ({ module, name }: CodeRef): string => `${module}#${name}`;

/**
 * Durations of functions, learnt from the runs of this node: by DAG and function id from the last run, by reference the mean. A bounded
 * table. An unknown duration counts like the mean of the known ones in the same DAG, so without any knowledge depth decides.
 */
export class Estimates {
  readonly #byDag = new Map<string, Map<string, number>>();
  readonly #byReference = new Map<string, Mean>();
  #last: { readonly code: unknown; readonly mean: Mean | undefined } | undefined;
  #kept = 0;

  /** Returns the estimated milliseconds of each function of a plan, in steps. */
  of(plan: Plan): RestOfWork<Float64Array> {
    const learnt = this.#byDag.get(plan.definitionId);
    const estimates = new Float64Array(plan.size);
    let known = 0;
    let sumMs = 0;
    const look = (from: number, to: number): void => {
      for (let index = from; index < to; index += 1) {
        const spec = plan.specs[index]!;
        const estimateMs = spec.estimateMs ?? learnt?.get(spec.id) ?? this.#meanOf(spec.code);
        estimates[index] = estimateMs ?? Number.NaN;
        if (estimateMs === undefined) continue;
        known += 1;
        sumMs += estimateMs;
      }
    };
    return resultInSteps(plan.size, look, () => {
      if (known === plan.size) return estimates;
      const elseMs = known > 0 && sumMs > 0 ? sumMs / known : 1;
      for (let index = 0; index < plan.size; index += 1) if (Number.isNaN(estimates[index])) estimates[index] = elseMs;
      return estimates;
    });
  }

  /**
   * Learns from a run that has ended, in steps. `tookMs` is NaN for a function that did not succeed. What the run has added is learnt by
   * reference alone: its ids may be those of others in the next run.
   */
  learn(plan: RunPlan, tookMs: Float64Array): RestOfWork<void> {
    const { baseSize } = plan.shape.added ?? { baseSize: plan.size };
    const ofDag = baseSize <= DURATIONS_KEPT / 2 ? new Map<string, number>() : undefined;
    const look = (from: number, to: number): void => {
      for (let index = from; index < to; index += 1) {
        const took = tookMs[index]!;
        if (Number.isNaN(took)) continue;
        if (index < baseSize) ofDag?.set(plan.ids[index]!, took);
        this.#learnReference(plan.specs[index]!.code, took);
      }
    };
    return resultInSteps(plan.size, look, () => this.#keep(plan.definitionId, ofDag));
  }

  #keep(definitionId: string, ofDag: Map<string, number> | undefined): void {
    this.#forget(definitionId);
    if (!ofDag) return;
    this.#byDag.set(definitionId, ofDag);
    this.#kept += ofDag.size;
    for (const dagId of this.#byDag.keys()) {
      if (this.#kept <= DURATIONS_KEPT) break;
      this.#forget(dagId);
    }
  }

  #forget(dagId: string): void {
    this.#kept -= this.#byDag.get(dagId)?.size ?? 0;
    this.#byDag.delete(dagId);
  }

  #meanOf(code: unknown): number | undefined {
    return this.#known(code)?.meanMs;
  }

  #learnReference(code: unknown, tookMs: number): void {
    const mean = this.#known(code);
    if (mean) {
      mean.count += 1;
      mean.meanMs += (tookMs - mean.meanMs) / mean.count;
    } else if (typeof code !== 'function' && this.#byReference.size < REFERENCES_KEPT) {
      this.#last = undefined;
      this.#byReference.set(nameOf(code as CodeRef), { meanMs: tookMs, count: 1 });
    }
  }

  /** Functions that follow one another in a DAG are often the same reference, so its name is looked up once. */
  #known(code: unknown): Mean | undefined {
    if (typeof code === 'function') return undefined;
    if (this.#last?.code !== code) this.#last = { code, mean: this.#byReference.get(nameOf(code as CodeRef)) };
    return this.#last?.mean;
  }
}
