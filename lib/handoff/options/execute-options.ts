import type { AllocationStrategy } from '../../allocator/index.js';
import { isError, safeThrown, textOf } from '../../base/index.js';
import type { Regular } from '../../dag/index.js';

/** What `execute` takes beside the DAG; everything has a default. */
export interface ExecuteOptions<V extends object = object, In extends string = string, Inl extends string = string, Collect = 'all'> {
  /** Where functions go. Default `'first-available'`. */
  allocationStrategy?: 'first-available' | 'load-balanced' | 'near-data' | AllocationStrategy;
  /** How often a function that fails is tried again, unless it says otherwise. Default 3. */
  maxRetries?: number;
  /** How many functions of the run hold a claim at once. Default: no limit. */
  maxConcurrency?: number;
  /** Values of the DAG's inputs. */
  inputs?: string extends keyof V ? Readonly<Record<string, unknown>> : { readonly [K in In & keyof V]?: V[K] };
  /** Whose results the caller wants. Default `'all'`. */
  collect?: Collect | 'all' | 'sinks' | readonly Regular<V, In, Inl>[];
  /** Whether a failure ends the run, or only what needs it. Default `'abort'`. */
  onFailure?: 'abort' | 'continue';
  /** How long the run may take from now, waiting included, ms. Default: no limit. */
  timeoutMs?: number;
  /** How long code gets to end by itself when it is to stop, ms. Default 500. */
  stopGraceMs?: number;
  /** How long a function waits for the return of the only node that could run it, ms. Default 15,000. */
  lostNodeWaitMs?: number;
  /** Cancels the run. */
  signal?: AbortSignal;
  /** How long the results are kept after the run, ms. Default 600,000. */
  retainMs?: number;
  /**
   * The run is known by this id instead of the DAG's own, so that one DAG may run many times at once: in events, results, errors,
   * `currentFunction()`, and for `getResult`, `getValue`, `storeValue`, `clear` and `HANDOFF_DAG_RUNNING`. Inputs that were stored before
   * are those stored under this id. What is learnt of how long functions take is the DAG's own. A well-formed non-empty string.
   * @default the DAG's id
   */
  dagId?: string;
}

/** The id by which a run would have been known that was refused; '' where none was given that could be one. */
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

/** What was thrown while a request to execute was read, as an Error: the getters of whoever asks may throw anything. */
export function executeFault(thrown: unknown): Error {
  const safe = safeThrown(thrown);
  if (isError(safe)) return safe;
  return new TypeError(`Cannot execute: what was given throws when it is read: ${textOf(safe)}`, { cause: safe });
}
