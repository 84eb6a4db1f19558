import type { AllocationStrategy, Strategies } from '../../allocator/index.js';
import { isError, safeThrown, textOf } from '../../base/index.js';
import type { Regular } from '../../dag/index.js';

/** The options of `execute`. All have a default. */
export interface ExecuteOptions<V extends object = object, In extends string = string, Inl extends string = string, Collect = 'all'> {
  /**
   * Where functions go: a strategy, or the name of one that is built in or was given to `Handoff.start`.
   * @default 'first-available'
   */
  allocationStrategy?: keyof Strategies | AllocationStrategy;
  /**
   * How often a failed function is restarted, unless it says otherwise: a whole number from 0.
   * @default 3
   */
  maxRetries?: number;
  /** How many functions of the run may hold a claim at once. The default is no limit. */
  maxConcurrency?: number;
  /** The values of the DAG's inputs. For others, those of `storeValue` apply. */
  inputs?: string extends keyof V ? Readonly<Record<string, unknown>> : { readonly [K in In & keyof V]?: V[K] };
  /**
   * The functions whose results you want.
   * @default 'all'
   */
  collect?: Collect | 'all' | 'sinks' | readonly Regular<V, In, Inl>[];
  /**
   * Whether a failure ends the run, or only the functions that need the failed one.
   * @default 'abort'
   */
  onFailure?: 'abort' | 'continue';
  /** How long the run may take from now, including waiting, ms. The default is no limit. */
  timeoutMs?: number;
  /**
   * How long code may take to end by itself once it is asked to stop, ms.
   * @default 500
   */
  stopGraceMs?: number;
  /**
   * How long a function waits for the return of the only node that could run it, ms.
   * @default 15_000
   */
  lostNodeWaitMs?: number;
  /** Cancels the run when it aborts. */
  signal?: AbortSignal;
  /**
   * How long the results are kept after the run, ms.
   * @default 600_000
   */
  retainMs?: number;
  /**
   * Replaces the DAG's own id in this run, so that one DAG may run many times at once: in events, results, errors, `currentFunction()`, and
   * for `getResult`, `getValue`, `storeValue`, `clear` and `HANDOFF_DAG_RUNNING`. Stored inputs are those stored under this id. Learnt
   * durations of functions belong to the DAG's own id. A non-empty string without lone surrogates.
   * @default the DAG's id
   */
  dagId?: string;
}

/** Returns the DAG id of a refused run, or '' if no valid one was given. */
export function statedDagId(dag: unknown, options: unknown): string {
  try {
    const { dagId } = (options ?? {}) as { readonly dagId?: unknown };
    if (typeof dagId === 'string' && dagId !== '') return dagId;
    const { id } = dag as { readonly id?: unknown };
    return typeof id === 'string' ? id : '';
  } catch {
    return '';
  }
}

/** Returns what was thrown while a request to execute was read, as an Error. The getters of its object may throw anything. */
export function executeFault(thrown: unknown): Error {
  const safe = safeThrown(thrown);
  if (isError(safe)) return safe;
  return new TypeError(`Cannot execute: the DAG or its options throw when they are read: ${textOf(safe)}`, { cause: safe });
}
