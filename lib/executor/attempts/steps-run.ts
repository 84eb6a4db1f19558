import { types } from 'node:util';
import { HandoffError, isThenable, NonRetryableError, safeThrown, textOf } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import type { Step } from './attempt.js';
import { type AttemptScope, runIn } from './current-function.js';
import { explainFrozenWrite } from './frozen-write.js';

/** How a place loads code and takes values in and out. */
export interface StepHost<V, K> {
  /** Monotonic milliseconds. */
  now(): number;
  /** The function, if it is at hand. */
  peek(ref: CodeRef): AnyFunction | undefined;
  load(ref: CodeRef): Promise<AnyFunction>;
  open(value: V): unknown;
  /** Whether values are frozen here. */
  readonly freezes: boolean;
  /** Checks what a step gave, and keeps it in the form in which it leaves, if it is wanted. Throws `HANDOFF_NOT_SERIALIZABLE`. */
  keep(value: unknown, use: StepUse): K | undefined;
  /**
   * For an object with more than one user, of whom at least one is a later step of the call: what gives each of those a copy, so that none
   * sees what another changes; `undefined` where it is frozen whole, or freezing is off. `kept`: what `keep` gave.
   */
  copier(value: object, kept: K | undefined): (() => unknown) | undefined;
}

/** What becomes of the value of a step. */
export interface StepUse {
  /** Whether it leaves the call. */
  readonly isWanted: boolean;
  /** Whether there it has one user only. */
  readonly isForOne: boolean;
}

/** How the steps ended. */
export interface StepsEnd<K> {
  /** `tookMs`: without the loading of modules, which comes once. */
  succeeded(values: readonly K[], tookMs: number): void;
  failed(error: unknown, final: boolean): void;
}

const NONE: readonly never[] = [];

/** As it was before code of users could change it. */
const promiseThen = Promise.prototype.then;

/**
 * Runs the steps of a call one after the other, each in the call's scope. As long as nothing has to be waited for it goes on within the
 * turn, without a promise: for small functions on the loop promises would cost more than they do. Tells `end` once.
 */
export class StepsRun<V, K> {
  readonly #steps: readonly Step<V>[];
  readonly #scope: AttemptScope;
  readonly #place: StepHost<V, K>;
  readonly #end: StepsEnd<K>;
  readonly #values: unknown[] = [];
  readonly #kept: K[] = [];
  /** By step, for what has several users and cannot be frozen. */
  #copiers: Map<number, () => unknown> | undefined;
  /** As if the modules had been there from the beginning. */
  #startedMs: number;

  constructor(steps: readonly Step<V>[], scope: AttemptScope, place: StepHost<V, K>, end: StepsEnd<K>) {
    this.#steps = steps;
    this.#scope = scope;
    this.#place = place;
    this.#end = end;
    this.#startedMs = place.now();
  }

  /** Begins, or goes on with the next step. */
  next(): void {
    while (this.#values.length < this.#steps.length) {
      const step = this.#steps[this.#values.length]!;
      const { code } = step;
      const loaded = typeof code === 'function' ? code : this.#place.peek(code);
      if (!loaded) {
        const beganMs = this.#place.now();
        this.#await(step, this.#place.load(code as CodeRef), (fresh) => {
          this.#startedMs += this.#place.now() - beganMs;
          if (this.#call(step, fresh)) this.next();
        });
        return;
      }
      if (!this.#call(step, loaded)) return;
    }
    this.#end.succeeded(this.#kept, this.#place.now() - this.#startedMs);
  }

  /** Whether the step is over, and the next may begin now. */
  #call(step: Step<V>, code: AnyFunction): boolean {
    let result: unknown;
    try {
      const given =
        step.inputs.length === 0
          ? NONE
          : step.inputs.map((input) => (typeof input === 'number' ? this.#valueOf(input) : this.#place.open(input)));
      const first = step.asList ? [given] : given;
      const args = step.extra === undefined ? first : [...first, ...(this.#place.open(step.extra) as readonly unknown[])];
      result = runIn(this.#scope, () => Reflect.apply(code, undefined, args as never[]));
      if (isThenable(result)) {
        this.#await(step, result, (value) => this.#take(step, value) && this.next());
        return false;
      }
    } catch (error) {
      this.#fail(step, error);
      return false;
    }
    return this.#take(step, result);
  }

  #take(step: Step<V>, value: unknown): boolean {
    try {
      const isLast = this.#values.length === this.#steps.length - 1;
      const isWanted = step.wanted || isLast;
      const kept = this.#place.keep(value, { isWanted, isForOne: step.isForOne === true });
      if (isWanted) this.#kept.push(kept!);
      if (!isLast && typeof value === 'object' && value !== null) this.#share(value, kept, isWanted);
    } catch (error) {
      this.#fail(step, error);
      return false;
    }
    this.#values.push(value);
    return true;
  }

  #share(value: object, kept: K | undefined, isWanted: boolean): void {
    const step = this.#values.length;
    let users = isWanted ? 1 : 0;
    for (const { inputs } of this.#steps) for (const input of inputs) if (input === step) users += 1;
    if (users < 2) return;
    const copier = this.#place.copier(value, kept);
    if (copier) this.#copiers = (this.#copiers ?? new Map<number, () => unknown>()).set(step, copier);
  }

  #valueOf(step: number): unknown {
    const copier = this.#copiers?.get(step);
    return copier ? copier() : this.#values[step];
  }

  /** Throws what the thenable throws when it is looked at; afterwards it settles once, whatever it does. */
  #await<T>(step: Step<V>, thenable: PromiseLike<T>, then: (value: T) => void): void {
    const promise = types.isPromise(thenable) ? thenable : Promise.resolve(thenable);
    Reflect.apply(promiseThen, promise, [then, (error: unknown) => this.#fail(step, error)]);
  }

  /** The one door through which what user code threw comes in. */
  #fail(step: Step<V>, thrown: unknown): void {
    const error = safeThrown(thrown);
    if (this.#place.freezes) explainFrozenWrite(error);
    this.#end.failed(step.role === 'function' ? error : blamed(step, error, this.#scope), isFinalFailure(error));
  }
}

/** Failures that would come again. */
export const isFinalFailure = (error: unknown): boolean =>
  NonRetryableError.is(error) || HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE') || HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND');

/** The failure of an inline function or a (de)serializer is its consumer's; it names who it was. */
function blamed({ role, functionId }: Step<never> | Step<unknown>, cause: unknown, { context }: AttemptScope): HandoffError {
  const who = role === 'inline' ? `Inline function "${functionId}"` : `The ${role}r of an argument from "${functionId}"`;
  const { dagId, runId, node } = context;
  return new HandoffError('HANDOFF_FUNCTION_FAILED', `${who} failed: ${textOf(cause)}`, { dagId, runId, functionId, node, cause });
}
