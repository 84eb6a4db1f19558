import type { Urgency } from '../../allocator/index.js';
import type { RunPlan } from '../../dag/index.js';
import type { RunState } from '../brain/run-state.js';
import type { KnownOfRun } from './run-columns.js';

/**
 * The order in which a run asks for its functions. By priority, then depth first, so that what was begun is finished and few values are
 * held; the claim queue lets urgent functions go before that.
 */
export class RunOrder implements Urgency {
  readonly #plan: RunPlan;
  readonly #columns: KnownOfRun;
  readonly #state: Pick<RunState, 'counts' | 'growth'>;

  constructor(plan: RunPlan, columns: KnownOfRun, state: Pick<RunState, 'counts' | 'growth'>) {
    this.#plan = plan;
    this.#columns = columns;
    this.#state = state;
  }

  /** Compares two functions: below 0 if `a` goes first. By priority, then depth first, then in the order of adding. */
  compare(a: number, b: number): number {
    const { specs } = this.#plan;
    const byPriority = (specs[b]!.priority ?? 0) - (specs[a]!.priority ?? 0);
    if (byPriority !== 0) return byPriority;
    const { positions } = this.#columns;
    return (positions && positions[a]! - positions[b]!) || a - b;
  }

  priorityOf(index: number): number {
    return this.#plan.specs[index]!.priority ?? 0;
  }

  pathMsOf(index: number): number {
    return this.#columns.paths[index]!;
  }

  /** Functions count alike: a sum of their own times would have to be kept up at each start, and orders no better. */
  get workLeftMs(): number {
    const { counts, growth } = this.#state;
    const left = counts.waiting + counts['looking-up'] + counts.ready + counts.resting + (growth?.unadded ?? 0);
    return this.#columns.meanMs * left;
  }
}
