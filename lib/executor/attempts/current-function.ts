import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock, textOf } from '../../base/index.js';
import type { AttemptContext } from './attempt.js';
import { LineBudget, OutputLines } from './output-lines.js';

/** What a function may know of itself while it runs. */
export interface FunctionContext {
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** The name of the node that runs it. */
  readonly node: string;
  /** Aborts when the attempt is timed out or cancelled; `signal.reason` is the `HandoffError`. */
  readonly signal: AbortSignal;
}

/** What an attempt holds, while its function waits for a run of its own. */
export interface Loan {
  /** The function waits from now on: others may have what it holds. */
  lend(): void;
  /**
   * It waits no longer. `resume` is called when it holds again what it held; at once where it waits for something else too, or its attempt
   * is over.
   */
  takeBack(resume: () => void): void;
}

/** Finds what an attempt on this node holds. */
export type Lender = (context: AttemptContext) => Loan | undefined;

/** The two streams that a process writes to. */
export type OutputStream = 'stdout' | 'stderr';

/** One attempt, as the code that runs in it sees it, across everything that it awaits. */
export class AttemptScope {
  readonly context: AttemptContext;
  readonly #onLine: (context: AttemptContext, stream: OutputStream, text: string) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #shown: FunctionContext | undefined;
  #written: { readonly budget: LineBudget; stdout?: OutputLines; stderr?: OutputLines } | undefined;

  constructor(context: AttemptContext, onLine: (context: AttemptContext, stream: OutputStream, text: string) => void) {
    this.context = context;
    this.#onLine = onLine;
  }

  /** What `currentFunction()` shows: made when first asked for, the same object from then on. */
  get shown(): FunctionContext {
    if (!this.#shown) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
      const { dagId, runId, functionId, attempt, node } = this.context;
      this.#shown = Object.freeze({ dagId, runId, functionId, attempt, node, signal: this.#controller.signal });
    }
    return this.#shown;
  }

  /** Finds what the attempt holds. */
  lender: Lender | undefined;
  #loan: Loan | undefined;

  /** What the attempt holds, to be lent while its function waits. */
  get loan(): Loan | undefined {
    this.#loan ??= this.lender?.(this.context);
    return this.#loan;
  }

  /** Whose attempt fails by an error that nobody caught, as long as it runs. */
  owner: { takeStray(error: unknown): void } | undefined;

  /** Takes an error that its code has left to nobody. `what` says how. */
  strayed(error: unknown, what: string): void {
    const { owner } = this;
    if (owner) scopes.exit(() => owner.takeStray(error));
    else this.write('stderr', `${what} after the attempt had ended: ${textOf(error)}\n`);
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Takes what the code writes, text or UTF-8, and passes on every whole line. */
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

  /** Outside the scope, so that a listener which writes is not heard as the function. */
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
 * Whose attempt this code runs in, and the signal that tells when to stop; across everything that the function awaits. An inline function
 * sees its consumer. Outside a function it is a `TypeError`.
 */
export function currentFunction(): FunctionContext {
  const scope = scopes.getStore();
  if (!scope) throw new TypeError('Cannot tell the current function: currentFunction is called outside a function of a DAG');
  return scope.shown;
}

/** What the function holds whose code this is, if it is one of a node of this process and still runs. */
export const currentLoan = (): Loan | undefined => scopes.getStore()?.loan;

/** The scope that the code runs in, if it runs in one. */
export const currentScope = (): AttemptScope | undefined => scopes.getStore();

/** Calls `body` in the scope. */
export const runIn = <T>(scope: AttemptScope, body: () => T): T => scopes.run(scope, body);
