import { ERROR_CODES, HandoffError, type HandoffErrorCode, NonRetryableError } from '../base/index.js';
import { errorFields, errorText } from './check.js';

/** An Error as plain data. `fields` are its own properties, `cause` among them. */
export interface ErrorRecord {
  /** The class: `'dom'` is a `DOMException`. */
  readonly kind: 'error' | 'handoff' | 'non-retryable' | 'dom';
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Record<string, unknown>;
}

const STANDARD: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((kind) => [kind.name, kind as ErrorConstructor]),
);

/** Returns the record of an error without its own fields, and with its stack unless `withStack` is false. Never throws. */
export function bareRecordOf(error: Error, withStack = true): ErrorRecord {
  const fields: Record<string, unknown> = Object.create(null);
  const stack = withStack ? errorText(error, 'stack') || undefined : undefined;
  return { kind: kindOf(error), name: errorText(error, 'name') || 'Error', message: errorText(error, 'message'), stack, fields };
}

/** Returns the record of a checked error. */
export function errorRecordOf(error: Error): ErrorRecord {
  const record = bareRecordOf(error);
  for (const key of errorFields(error)) record.fields[key] = (error as unknown as Record<string, unknown>)[key];
  return record;
}

function kindOf(error: Error): ErrorRecord['kind'] {
  if (HandoffError.is(error)) return 'handoff';
  if (NonRetryableError.is(error)) return 'non-retryable';
  return isDomException(error) ? 'dom' : 'error';
}

function isDomException(error: object): boolean {
  try {
    return error instanceof DOMException;
  } catch {
    return false;
  }
}

/**
 * Returns an error without its own fields. It has the standard class of that name, or is an `Error` with that name. Ours are recognisable
 * as ours.
 */
export function emptyError({ kind, name, message, stack, fields }: ErrorRecord): Error {
  const error = withoutStack(() => newError(kind, name, message, fields));
  if (error.name !== name) Object.defineProperty(error, 'name', hidden(name));
  Object.defineProperty(error, 'stack', hidden(stack));
  return error;
}

/** Gives a rebuilt error its own fields. `cause` and `errors` are not enumerable, as in the language. */
export function addFields(error: Error, fields: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(fields)) {
    const isHidden = key === 'cause' || key === 'errors';
    Object.defineProperty(error, key, { value, enumerable: !isHidden, writable: true, configurable: true });
  }
}

function newError(kind: ErrorRecord['kind'], name: string, message: string, fields: Readonly<Record<string, unknown>>): Error {
  if (kind === 'dom') return new DOMException(message, name);
  if (kind === 'non-retryable') return new NonRetryableError(message);
  if (kind === 'handoff' && (ERROR_CODES as readonly unknown[]).includes(fields.code))
    return new HandoffError(fields.code as HandoffErrorCode, message);
  if (name === 'AggregateError') return new AggregateError([], message);
  return new (STANDARD.get(name) ?? Error)(message);
}

/** Makes an error without capturing a stack. Capturing takes ten times as long as all else, and longer with source maps. */
function withoutStack(make: () => Error): Error {
  const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  if (!before?.writable) return make();
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = before.value as number;
  }
}

const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false, writable: true, configurable: true });
