import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock, textOf } from '../../base/index.js';
import type { Activate } from '../tracing/trace-context.js';
import type { AttemptContext } from './attempt.js';
import { idempotencyKey } from './idempotency-key.js';
import type { Caller, InnerRun } from './inner-runs.js';
import { LineBudget, OutputLines } from './output-lines.js';

/** One attempt as its code sees it, across everything that it awaits. */
export class AttemptScope implements Caller {
  readonly context: AttemptContext;
  readonly #onLine: (context: AttemptContext, stream: OutputStream, text: string) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #shown: FunctionContext | undefined;
  #written: { readonly budget: LineBudget; stdout?: OutputLines; stderr?: OutputLines } | undefined;
  #loan: Loan | undefined;
  /** Makes the loan of the attempt, if it has one, as long as it runs. */
  lender: Lender | undefined;
  /** The attempt that fails by an error that nothing caught, as long as it runs. */
  owner: { takeStray(error: unknown): void } | undefined;
  /** Whether runs that the code starts end with the attempt: only on a node's own loop can they be runs of that node. */
  ownsRuns = false;
  /** Calls code of the attempt as a part of the attempt's trace; `undefined` if it is not traced. */
  activate: Activate | undefined;
  #innerRuns: Set<InnerRun> | undefined;
  #refusal: { readonly cause: unknown } | undefined;

  constructor(context: AttemptContext, onLine: (context: AttemptContext, stream: OutputStream, text: string) => void) {
    this.context = context;
    this.#onLine = onLine;
  }

  /** The object that `currentFunction()` returns, created on first access and the same from then on. */
  get shown(): FunctionContext {
    if (!this.#shown) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
      const { dagId, runId, functionId, attempt, node, since, element } = this.context;
      const place = element === undefined ? undefined : { index: element };
      // Made here and not with the attempt: most functions never ask.
      const keyed = since === undefined ? undefined : { idempotencyKey: idempotencyKey({ runId, functionId, since, ...place }) };
      this.#shown = Object.freeze({ dagId, runId, functionId, attempt, node, signal: this.#controller.signal, ...place, ...keyed });
    }
    return this.#shown;
  }

  /** The attempt's claim, to be lent while its function waits. */
  get loan(): Loan | undefined {
    this.#loan ??= this.lender?.(this.context);
    return this.#loan;
  }

  /** Takes an error that the attempt's code did not catch. `what` says how it came. */
  strayed(error: unknown, what: string): void {
    const { owner } = this;
    if (owner) scopes.exit(() => owner.takeStray(error));
    else this.write('stderr', `${what} after the attempt had ended: ${textOf(error)}\n`);
  }

  get refusal(): { readonly cause: unknown } | undefined {
    return this.#refusal;
  }

  link(run: InnerRun): () => void {
    this.#innerRuns ??= new Set();
    const runs = this.#innerRuns;
    runs.add(run);
    return () => void runs.delete(run);
  }

  /**
   * The attempt is stopped, or fails: the runs that its code has started end within `graceMs`, and it starts no more. Resolves when they
   * are over; `undefined` if there are none.
   */
  endRuns(cause: unknown, graceMs: number): Promise<unknown> | undefined {
    this.#refusal ??= { cause };
    if (!this.#innerRuns || this.#innerRuns.size === 0) return undefined;
    return Promise.all([...this.#innerRuns].map((run) => run.end(cause, graceMs)));
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Takes what the code writes, text or UTF-8, and passes on every complete line. */
  write(stream: OutputStream, chunk: string | Uint8Array): void {
    this.#written ??= { budget: new LineBudget(() => systemClock.now()) };
    this.#written[stream] ??= new OutputLines(this.#written.budget, (line) => this.#tell(stream, line));
    this.#written[stream].write(chunk);
  }

  /** Passes on lines that were begun and will not be ended. */
  flush(): void {
    this.#written?.stdout?.flush();
    this.#written?.stderr?.flush();
  }

  /** Called outside the scope, so that output of the listener does not count as the function's. */
  #tell(stream: OutputStream, line: string): void {
    scopes.exit(() => this.#onLine(this.context, stream, line));
  }
}

/** Shared between copies of the package: a function finds its context whichever copy it imports. */
const shared = globalThis as { [key: symbol]: AsyncLocalStorage<AttemptScope> | undefined };
const key = Symbol.for('handoff-dag.currentFunction');
shared[key] ??= new AsyncLocalStorage<AttemptScope>();
const scopes = shared[key];

/**
 * Returns the attempt in which this code runs, with the signal to stop, across everything that the function awaits. An inline function sees
 * its consumer's attempt.
 * @throws `TypeError` outside a function.
 */
export function currentFunction(): FunctionContext {
  const scope = scopes.getStore();
  if (!scope) throw new TypeError('Cannot tell the current function: currentFunction is called outside a function of a DAG');
  return scope.shown;
}

/** Returns the loan of the function that this code belongs to, if it is one of a node of this process and still runs. */
export const currentLoan = (): Loan | undefined => scopes.getStore()?.loan;

/** Returns the attempt that this code belongs to, if it is one on the loop of a node of this process. */
export function currentCaller(): Caller | undefined {
  const scope = scopes.getStore();
  return scope?.ownsRuns ? scope : undefined;
}

/** Returns the scope that this code runs in, if there is one. */
export const currentScope = (): AttemptScope | undefined => scopes.getStore();

/** Calls `body` in the scope. */
export function runIn<T>(scope: AttemptScope, body: () => T): T {
  const { activate } = scope;
  return activate === undefined ? scopes.run(scope, body) : scopes.run(scope, () => activate(body));
}

/** What a function may know of itself while it runs. */
export interface FunctionContext {
  /** The DAG id of the run. */
  readonly dagId: string;
  /** The unique id of the run. */
  readonly runId: string;
  /** The function whose attempt it is; for an inline function its consumer. */
  readonly functionId: string;
  /** The number of the attempt. Counts from 1. */
  readonly attempt: number;
  /** The name of the node that runs it. */
  readonly node: string;
  /** Aborts when the attempt is timed out or cancelled. `signal.reason` is the `HandoffError`. */
  readonly signal: AbortSignal;
  /** The place of the element in its map, counted from 0; missing in functions that are no elements. */
  readonly index?: number;
  /**
   * In a durable run, the key under which the function may ask another system to do something once. It is the same over all attempts,
   * resumptions and recomputations of this function of this run, as long as the function and all that it consumes are the same; no other
   * function and no other run has it. 43 characters of `A-Z`, `a-z`, `0-9`, `-` and `_`.
   */
  readonly idempotencyKey?: string;
}

/** The claim of an attempt while its function waits for a run of its own. */
export interface Loan {
  /** The function waits from now on: others may have its claim. */
  lend(): void;
  /**
   * The function stops waiting. `resume` is called once the attempt holds its claim again; at once if it waits for something else too, or
   * is over.
   */
  takeBack(resume: () => void): void;
}

/** Returns the loan of an attempt on this node. */
export type Lender = (context: AttemptContext) => Loan | undefined;

/** The two streams that a process writes to. */
export type OutputStream = 'stdout' | 'stderr';
