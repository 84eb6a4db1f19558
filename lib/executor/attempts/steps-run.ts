import { types } from 'node:util';
import { HandoffError, isThenable, NonRetryableError, safeThrown, textOf } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import { canSplit, constantList, type Digests, gistOf, splitOf, type ValueFacts, withDigests } from '../../value/index.js';
import type { CallStep, NodePhases } from './attempt.js';
import { type AttemptScope, runIn } from './current-function.js';
import { explainFrozenWrite } from './frozen-write.js';
import { type MeasuredPart, MeasuredParts } from './measured-parts.js';
import { phasesOf } from './node-phases.js';

const NONE: readonly never[] = [];

/** Taken before user code can change it. */
const promiseThen = Promise.prototype.then;

/**
 * Runs the steps of a call one after the other, each in the call's scope. It continues within the turn, without a promise, as long as
 * nothing must be awaited: for small functions on the loop promises would cost more than the functions. Calls `end` once.
 */
export class StepsRun<V, K> {
  readonly #steps: readonly CallStep<V>[];
  readonly #scope: AttemptScope;
  readonly #place: StepHost<V, K>;
  readonly #end: StepsEnd<K>;
  /** The position of the next step. */
  #at = 0;
  /** The values of the steps before it; that of the last one is needed by none. */
  #values: unknown[] | undefined;
  #kept: readonly K[] = NONE;
  #facts: ValueFacts | undefined;
  /** By step, the copiers of values that have several users and cannot be frozen. */
  #copiers: Map<number, () => unknown> | undefined;
  /** The start time, moved as if the modules had been loaded before. */
  #startedMs: number;
  /** What takes no time is not measured: a reading of the clock costs as much as a small function. Most runs measure nothing. */
  #parts: MeasuredParts | undefined;

  constructor(steps: readonly CallStep<V>[], scope: AttemptScope, place: StepHost<V, K>, end: StepsEnd<K>) {
    this.#steps = steps;
    this.#scope = scope;
    this.#place = place;
    this.#end = end;
    this.#startedMs = place.now();
  }

  /** Starts, or continues with the next step. */
  next(): void {
    while (this.#at < this.#steps.length) {
      const step = this.#steps[this.#at]!;
      const { code } = step;
      const loaded = typeof code === 'function' ? code : this.#place.peek(code);
      if (!loaded) {
        this.#begin('module');
        this.#await(step, this.#place.load(code as CodeRef), (fresh) => {
          this.#endPart();
          if (this.#call(step, fresh)) this.next();
        });
        return;
      }
      if (!this.#call(step, loaded)) return;
    }
    const parts = this.#parts;
    const tookMs = (parts ? parts.now() : this.#place.now()) - this.#startedMs;
    this.#end.succeeded(this.#kept, tookMs, this.#facts, parts?.phases(tookMs));
  }

  #begin(part: MeasuredPart): void {
    // Before the first step no code has run since the start.
    this.#parts ??= new MeasuredParts(this.#place, this.#at === 0 && part !== 'pack' ? this.#startedMs : undefined);
    this.#parts.begin(part);
  }

  /** Ends what is being measured, if anything is. */
  #endPart(): void {
    if (this.#parts) this.#startedMs += this.#parts.end();
  }

  #opensAtOnce({ inputs, extra }: CallStep<V>): boolean {
    const place = this.#place;
    if (extra !== undefined && !place.opensAtOnce(extra)) return false;
    for (let at = 0; at < inputs.length; at += 1) {
      const input = inputs[at]!;
      if (typeof input === 'number' ? this.#copiers?.has(input) : !place.opensAtOnce(input)) return false;
    }
    return true;
  }

  /** Calls a step. Returns whether it is over, so that the next may start now. */
  #call(step: CallStep<V>, code: AnyFunction): boolean {
    let result: unknown;
    try {
      if (!this.#opensAtOnce(step)) this.#begin('open');
      const given =
        step.inputs.length === 0
          ? NONE
          : step.inputs.map((input) => (typeof input === 'number' ? this.#valueOf(input) : this.#place.open(input)));
      const first = step.asList ? [given] : given;
      const args = step.extra === undefined ? first : [...first, ...constantList(this.#place.open(step.extra))];
      this.#endPart();
      this.#parts?.codeRuns();
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

  #take(step: CallStep<V>, value: unknown): boolean {
    const isLast = this.#at === this.#steps.length - 1;
    if (isLast && step.shape === 'dag') return this.#takeDag(step, value);
    try {
      const isWanted = step.wanted || isLast;
      const { shape, gist } = step;
      const isDigested = isLast && step.isDigested === true;
      const isSplit = shape === 'split' && canSplit(value);
      if (isWanted && (isDigested || !this.#place.keepsAtOnce(value, isSplit))) this.#begin('pack');
      const kept = this.#place.keep(value, { isWanted, isSole: step.isSole === true, isSplit, isDigested });
      if (isLast && (shape === 'split' || gist !== undefined)) this.#facts = factsOf(value, step);
      if (isWanted) this.#kept = this.#kept.length === 0 ? [kept!] : [...this.#kept, kept!];
      if (isDigested && !this.#digest(step, value, kept!, isSplit)) return false;
      this.#endPart();
      if (!isLast && typeof value === 'object' && value !== null) this.#share(value, kept, isWanted);
    } catch (error) {
      this.#fail(step, error);
      return false;
    }
    if (!isLast) {
      this.#values ??= [];
      this.#values.push(value);
    }
    this.#at += 1;
    return true;
  }

  /** Has the digest of the last value taken. Returns whether it is there, so that the call may end now. */
  #digest(step: CallStep<V>, value: unknown, kept: K, isSplit: boolean): boolean {
    const found = this.#place.digest(value, kept, isSplit);
    if (!(found instanceof Promise)) {
      this.#facts = withDigests(this.#facts, found);
      return true;
    }
    this.#await(step, found, (digests) => {
      this.#facts = withDigests(this.#facts, digests);
      this.#endPart();
      this.#at += 1;
      this.next();
    });
    return false;
  }

  /** What is no DAG, or none that can leave its place, would be none at another attempt. */
  #takeDag({ code }: CallStep<V>, value: unknown): boolean {
    this.#begin('pack');
    try {
      this.#kept = [...this.#kept, this.#place.keepDag(value, typeof code === 'function')];
    } catch (error) {
      this.#failed(safeThrown(error), true);
      return false;
    }
    this.#endPart();
    this.#at += 1;
    return true;
  }

  #share(value: object, kept: K | undefined, isWanted: boolean): void {
    const step = this.#at;
    let users = isWanted ? 1 : 0;
    for (const { inputs } of this.#steps) for (const input of inputs) if (input === step) users += 1;
    if (users < 2) return;
    const copier = this.#place.copier(value, kept);
    if (copier) this.#copiers = (this.#copiers ?? new Map<number, () => unknown>()).set(step, copier);
  }

  #valueOf(step: number): unknown {
    const copier = this.#copiers?.get(step);
    return copier ? copier() : this.#values![step];
  }

  /** Throws what inspecting the thenable throws. Afterwards it settles once, whatever the thenable does. */
  #await<T>(step: CallStep<V>, thenable: PromiseLike<T>, then: (value: T) => void): void {
    // A promise of another class may have a `then` of its own: that of a run lends the claim.
    const isPlain = types.isPromise(thenable) && thenable.then === promiseThen;
    const promise = isPlain ? thenable : Promise.resolve(thenable);
    Reflect.apply(promiseThen, promise, [then, (error: unknown) => this.#fail(step, error)]);
  }

  /** All errors that user code throws pass through here. */
  #fail(step: CallStep<V>, thrown: unknown): void {
    const error = safeThrown(thrown);
    if (this.#place.freezes) explainFrozenWrite(error);
    this.#failed(step.role === 'function' ? error : blamed(step, error, this.#scope), isFinalFailure(error));
  }

  #failed(error: unknown, final: boolean): void {
    this.#endPart();
    const tookMs = this.#place.now() - this.#startedMs;
    this.#end.failed(error, final, phasesOf(this.#parts?.phases(tookMs), tookMs));
  }
}

/** Returns what a step asks for of its value. */
export const factsOf = (value: unknown, { shape, gist }: Pick<CallStep, 'shape' | 'gist'>): ValueFacts => ({
  ...(gist !== undefined && { gist: gistOf(value, gist) }),
  ...(shape === 'split' && { split: splitOf(value) }),
});

/** Whether a failure would happen again. */
export const isFinalFailure = (error: unknown): boolean =>
  NonRetryableError.is(error) || HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE') || HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND');

/** Returns the consumer's failure by an inline function or a (de)serializer. It names the culprit. */
function blamed({ role, functionId }: CallStep<never> | CallStep<unknown>, cause: unknown, { context }: AttemptScope): HandoffError {
  const who = role === 'inline' ? `Inline function "${functionId}"` : `The ${role}r of an argument from "${functionId}"`;
  const { dagId, runId, node } = context;
  return new HandoffError('HANDOFF_FUNCTION_FAILED', `${who} failed: ${textOf(cause)}`, { dagId, runId, functionId, node, cause });
}

/** Loads code and converts values in the place where steps run. */
export interface StepHost<V, K> {
  /** Monotonic milliseconds. */
  now(): number;
  /** Returns the function if it is loaded. */
  peek(ref: CodeRef): AnyFunction | undefined;
  load(ref: CodeRef): Promise<AnyFunction>;
  open(value: V): unknown;
  /** Whether opening the value takes no time worth measuring. */
  opensAtOnce(value: V): boolean;
  /** Whether keeping a wanted result takes no time worth measuring: a scalar needs no check. */
  keepsAtOnce(value: unknown, isSplit: boolean): boolean;
  /** Whether values are frozen here. */
  readonly freezes: boolean;
  /**
   * Checks the result of a step. Returns it in the form in which it leaves the call, if it is wanted. Throws `HANDOFF_NOT_SERIALIZABLE`.
   */
  keep(value: unknown, use: StepUse): K | undefined;
  /**
   * Returns the DAG that an expansion has returned in the form in which it leaves the call: packed, or if its code is a plain function, as
   * it is at this moment. Throws what the expansion is to fail with.
   */
  keepDag(dag: unknown, isPlain: boolean): K;
  /**
   * Returns the digest of the value of a last step, which `keep` has just passed, and with `isSplit` those of its elements. Returns a
   * promise if that takes long. Never throws or rejects: a digest that cannot be taken is left out.
   */
  digest(value: unknown, kept: K, isSplit: boolean): Digests | Promise<Digests>;
  /**
   * For an object with several users, of which at least one is a later step of the call, returns a function that makes a copy for each, so
   * that none sees another's changes. Returns `undefined` if the object is frozen whole, or freezing is off. `kept` is what `keep`
   * returned.
   */
  copier(value: object, kept: K | undefined): (() => unknown) | undefined;
}

/** How the value of a step is used. */
export interface StepUse {
  /** Whether it leaves the call. */
  readonly isWanted: boolean;
  /** Whether it has a sole user outside the call. */
  readonly isSole: boolean;
  /** Whether it is an array whose elements leave the call one by one. */
  readonly isSplit: boolean;
  /** Whether its digest is wanted. */
  readonly isDigested: boolean;
}

/** Receives the end of the steps. */
export interface StepsEnd<K> {
  /** `tookMs` excludes the loading of modules, which happens once. Without `phases` all of it is the function itself. */
  succeeded(values: readonly K[], tookMs: number, facts: ValueFacts | undefined, phases: NodePhases | undefined): void;
  failed(error: unknown, final: boolean, phases: NodePhases): void;
}
