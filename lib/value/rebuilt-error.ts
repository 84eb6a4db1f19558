import { ERROR_CODES, HandoffError, type HandoffErrorCode, NonRetryableError } from '../base/index.js';
import { errorFields } from './check.js';

/** An Error as plain data. `fields` are its own, `cause` and the like among them. */
export interface ErrorRecord {
  readonly kind: 'error' | 'handoff' | 'non-retryable';
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Record<string, unknown>;
}

const STANDARD: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((kind) => [kind.name, kind as ErrorConstructor]),
);

/** What is kept of an error. */
export function recordOf(error: Error): ErrorRecord {
  const fields: Record<string, unknown> = Object.create(null);
  for (const key of errorFields(error)) fields[key] = (error as unknown as Record<string, unknown>)[key];
  const kind = HandoffError.is(error) ? 'handoff' : NonRetryableError.is(error) ? 'non-retryable' : 'error';
  const { stack } = error;
  return { kind, name: String(error.name), message: String(error.message), stack: typeof stack === 'string' ? stack : undefined, fields };
}

/** An error without its own fields: of the standard class of that name, else an `Error` with that name; ours stay recognisable as ours. */
export function emptyError({ kind, name, message, stack, fields }: ErrorRecord): Error {
  const error = newError(kind, name, message, fields);
  if (error.name !== name) Object.defineProperty(error, 'name', hidden(name));
  Object.defineProperty(error, 'stack', hidden(stack));
  return error;
}

/** Gives a rebuilt error its own fields. `cause` and `errors` are hidden, as the language makes them. */
export function addFields(error: Error, fields: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(fields)) {
    const isHidden = key === 'cause' || key === 'errors';
    Object.defineProperty(error, key, { value, enumerable: !isHidden, writable: true, configurable: true });
  }
}

function newError(kind: ErrorRecord['kind'], name: string, message: string, fields: Readonly<Record<string, unknown>>): Error {
  if (kind === 'non-retryable') return new NonRetryableError(message);
  if (kind === 'handoff' && (ERROR_CODES as readonly unknown[]).includes(fields.code))
    return new HandoffError(fields.code as HandoffErrorCode, message);
  if (name === 'AggregateError') return new AggregateError([], message);
  return new (STANDARD.get(name) ?? Error)(message);
}

const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false, writable: true, configurable: true });
