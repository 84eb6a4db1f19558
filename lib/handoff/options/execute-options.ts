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
  /**
   * How many functions maps and expansions may make of the run: one that would add more fails. A DAG given larger is not refused. A whole
   * number from 1.
   * @default 1_000_000
   */
  maxFunctions?: number;
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
  /**
   * Records the run under this name, so that it goes on where it was when `execute` is called again with the key, also in another process.
   * What has succeeded does not run again, as long as it is the same. A key is unique in its journal: 1 to 512 bytes of UTF-8. It needs a
   * node with a `dataDir` or a `journal`.
   */
  key?: string;
  /**
   * Records the run; without a `key`, the run's id is the key.
   * @default whether there is a key
   */
  durable?: boolean;
  /**
   * `'batched'`: successes are recorded in groups while the run goes on. A crash loses at most what had not been written yet, which then
   * runs again. `'strict'`: a success is on disk before anything that depends on it starts, and before it is told.
   * @default 'batched'
   */
  durability?: 'batched' | 'strict';
  /**
   * Which recorded successes a run that goes on may use: those of functions that are the same, of functions that are the same but for the
   * content of their modules, or none.
   * @default 'same-code'
   */
  reuse?: 'same-code' | 'same-wiring' | 'none';
  /**
   * How long to wait, ms, while another node drives the run of the key: for its end, or until it can go on here.
   * @default 0
   */
  waitMs?: number;
  /**
   * Whether functions with `cache` get results that are remembered, and theirs are remembered. `false`, like `reuse: 'none'`, runs them.
   * @default true
   */
  cache?: boolean;
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
