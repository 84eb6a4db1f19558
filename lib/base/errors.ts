import { handoffBrand, isBranded, nonRetryableBrand } from './brands.js';
import { readSafely } from './thrown.js';

/** One fault of a DAG. `dag.validate()` lists all of them. */
export type DagFault = { readonly functionId: string; readonly message: string } & (
  | { readonly kind: 'missing-function'; readonly missing: string }
  | { readonly kind: 'cycle'; readonly path: readonly string[] }
  | { readonly kind: 'missing-input' | 'inline-with-node' | 'closure-on-remote-node' | 'closure-not-resumable' }
  | { readonly kind: 'id-clash'; readonly other: string }
  | { readonly kind: 'collocation-missing'; readonly missing: string }
  | { readonly kind: 'collocation-cycle'; readonly path: readonly string[] }
  | { readonly kind: 'invalid-cost' | 'invalid-option'; readonly field: string }
);

/** Every code that a `HandoffError` can carry. The README's table of errors is held equal to this list by a spec. */
export const ERROR_CODES = [
  'HANDOFF_INVALID_DAG',
  'HANDOFF_ALLOCATION_FAILED',
  'HANDOFF_FUNCTION_FAILED',
  'HANDOFF_FUNCTION_TIMEOUT',
  'HANDOFF_RUN_CANCELLED',
  'HANDOFF_RUN_ABORTED',
  'HANDOFF_RUN_TIMEOUT',
  'HANDOFF_DAG_RUNNING',
  'HANDOFF_NODE_UNKNOWN',
  'HANDOFF_NODE_LOST',
  'HANDOFF_RESULT_LOST',
  'HANDOFF_NOT_FOUND',
  'HANDOFF_TIMEOUT',
  'HANDOFF_NOT_SERIALIZABLE',
  'HANDOFF_CODE_NOT_FOUND',
  'HANDOFF_JOIN_REFUSED',
  'HANDOFF_PROTOCOL_MISMATCH',
  'HANDOFF_BAD_MESSAGE',
  'HANDOFF_STOPPED',
  'HANDOFF_START_FAILED',
  'HANDOFF_CHILD',
  'HANDOFF_RESTARTS_EXCEEDED',
  'HANDOFF_STORAGE_FAILED',
  'HANDOFF_RUN_TAKEN_OVER',
] as const;

/** A stable code. The README says when each is raised and what to do. */
export type HandoffErrorCode = (typeof ERROR_CODES)[number];

/** What a `HandoffError` may carry besides its code and message. */
export interface HandoffErrorFields {
  dagId?: string;
  runId?: string;
  functionId?: string;
  node?: string;
  /** How many attempts the function itself failed. Attempts lost with a node do not count. */
  attempts?: number;
  /** The error of each of these attempts, at most the latest 100. The last one is `cause`. */
  attemptErrors?: readonly unknown[];
  faults?: readonly DagFault[];
  results?: Readonly<Record<string, unknown>>;
  childId?: string;
  /** The reason for a refusal. */
  reason?: string;
  /** Where in a value the fault is, as in `result.rows[3].callback`. */
  path?: string;
  /** All functions that failed in the run, in order of time. */
  failures?: readonly HandoffError[];
  /** The option or field of a specification that is wrong, and its value. */
  field?: string;
  /** The value of `field`. */
  value?: unknown;
  cause?: unknown;
}

/**
 * Every error that a caller may want to catch. Recognise it by `code`, or with `HandoffError.is`, which also recognises errors made by
 * another copy of the package or in a worker thread. `cause` is the original error, if there is one.
 */
export class HandoffError extends Error {
  /** The id of the DAG, or the `dagId` of the run. */
  declare readonly dagId?: string;
  /** The id of the run. */
  declare readonly runId?: string;
  /** The id of the function or of the value. */
  declare readonly functionId?: string;
  /** The name of the node that ran the function, was lost, or did not answer. */
  declare readonly node?: string;
  /** How many attempts the function itself failed. Attempts lost with a node do not count. */
  declare readonly attempts?: number;
  /** The error of each of these attempts, at most the latest 100. The last one is `cause`. */
  declare readonly attemptErrors?: readonly unknown[];
  /** Every fault of the DAG. Set for `HANDOFF_INVALID_DAG`. */
  declare readonly faults?: readonly DagFault[];
  /** The collected results of the functions that succeeded. Set with `onFailure: 'continue'`. */
  declare readonly results?: Readonly<Record<string, unknown>>;
  /** The id of the supervisor's child. */
  declare readonly childId?: string;
  /**
   * The reason for a refusal: a word for programs in `HANDOFF_CHILD`, `HANDOFF_JOIN_REFUSED` and `HANDOFF_STORAGE_FAILED`, a sentence in
   * `HANDOFF_CODE_NOT_FOUND`.
   */
  declare readonly reason?: string;
  /**
   * Where in a value the fault is, as in `result.rows[3].callback`. In `HANDOFF_CODE_NOT_FOUND` the module, in `HANDOFF_STORAGE_FAILED` the
   * folder or the key.
   */
  declare readonly path?: string;
  /** All functions that failed in the run, in order of time. */
  declare readonly failures?: readonly HandoffError[];
  /** The option or field of a specification that is wrong. */
  declare readonly field?: string;
  /** The value of that field. */
  declare readonly value?: unknown;
  /** The original error, as the function threw it. It need not be an `Error`. */
  declare readonly cause?: unknown;
  /** What happened. Codes are stable over versions. */
  readonly code: HandoffErrorCode;

  constructor(code: HandoffErrorCode, message: string, fields: HandoffErrorFields = {}) {
    const { cause, ...rest } = fields;
    super(message, 'cause' in fields ? { cause } : undefined);
    this.code = code;
    for (const [field, value] of Object.entries(rest)) if (value !== undefined) Object.assign(this, { [field]: value });
    Object.defineProperty(this, handoffBrand, { value: true });
  }

  /** Whether `error` is a `HandoffError`, and has the given code if there is one. Never throws, whatever `error` is. */
  static is(error: unknown, code?: HandoffErrorCode): error is HandoffError {
    return isBranded(error, handoffBrand) && (code === undefined || readSafely(error as object, 'code') === code);
  }
}
Object.defineProperty(HandoffError.prototype, 'name', { value: 'HandoffError', writable: true, configurable: true });

/** A function throws this to fail at once: it is not attempted again, whatever `maxRetries` says. */
export class NonRetryableError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, nonRetryableBrand, { value: true });
  }

  /** Whether `error` is of this class, made in any copy of the package or in any thread. Never throws, whatever `error` is. */
  static is(error: unknown): error is NonRetryableError {
    return isBranded(error, nonRetryableBrand);
  }
}
Object.defineProperty(NonRetryableError.prototype, 'name', { value: 'NonRetryableError', writable: true, configurable: true });
