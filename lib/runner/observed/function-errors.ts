import type { ErrorData, RunFault } from '../brain/run-fault.js';
import { isRunFault } from '../brain/run-fault.js';
import type { RunState } from '../brain/run-state.js';
import { liveError } from '../run/live-errors.js';
import { observedErrorOf } from './observed-error.js';
import type { ObservedError } from './observed-run.js';

/** So many functions of an ended run keep their errors with stacks. Those of others are shorter. */
const STACKS_KEPT = 1000;

/** The last errors of functions, as text. While the run goes on they are made at the first look. */
export class FunctionErrors {
  readonly #failures = new Map<string, RunFault>();
  #failed = 0;
  #tolerated = 0;
  readonly #texts = new WeakMap<ErrorData, ObservedError>();

  /** Returns the last error of a function that has failed, or has had an attempt that did. */
  of(state: RunState, index: number): ObservedError | undefined {
    const data = this.#dataOf(state, index);
    return data && this.#textOf(data);
  }

  /** Returns the errors of all functions, for when nothing else of the run is kept. */
  *all(state: RunState): Generator<undefined, Map<number, ObservedError>, undefined> {
    const all = new Map<number, ObservedError>();
    this.#learn(state);
    const { states, attemptErrors } = state;
    for (const [index, errors] of attemptErrors) {
      const last = errors.at(-1);
      if (last) all.set(index, this.#short(last, all.size));
      if (all.size % 64 === 0) yield;
    }
    if (this.#failures.size === 0) return all;
    for (let index = 0; index < states.length; index += 1) {
      const data = states[index] === 'failed' ? this.#dataOf(state, index) : undefined;
      if (data) all.set(index, this.#short(data, all.size));
      if (index % 1024 === 1023) yield;
    }
    return all;
  }

  #dataOf(state: RunState, index: number): ErrorData | undefined {
    const last = state.attemptErrors.get(index)?.at(-1);
    if (last || state.states[index] !== 'failed') return last;
    this.#learn(state);
    const failure = this.#failures.get(state.plan.ids[index]!);
    return failure?.cause ?? failure;
  }

  /** Takes in the failures since the last look. */
  #learn({ failed, tolerated }: RunState): void {
    for (; this.#failed < failed.length; this.#failed += 1) this.#add(failed[this.#failed]!);
    for (; this.#tolerated < tolerated.length; this.#tolerated += 1) this.#add(tolerated[this.#tolerated]!);
  }

  #add(failure: RunFault): void {
    if (failure.functionId !== undefined) this.#failures.set(failure.functionId, failure);
  }

  #short(data: ErrorData, known: number): ObservedError {
    if (known < STACKS_KEPT) return this.#textOf(data);
    return isRunFault(data)
      ? { name: 'HandoffError', code: data.code, message: data.message.slice(0, 1000) }
      : observedErrorOf(liveError(data), true);
  }

  #textOf(data: ErrorData): ObservedError {
    let text = this.#texts.get(data);
    if (!text) {
      text = observedErrorOf(liveError(data));
      this.#texts.set(data, text);
    }
    return text;
  }
}
