import { types } from 'node:util';
import { handoffBrand, isBranded, nonRetryableBrand } from './brands.js';
import { refuseRevoked } from './given-object.js';

/** The most characters of a thrown value's text that our messages repeat. */
const TEXT_LENGTH = 10_000;

/** An object that is not an error is shown as JSON if it has at most this many properties. */
const SHOWN_PROPERTIES = 100;

/** How many Proxies are followed when each is the cause of the one before. */
const MAX_DEPTH = 16;

/** The properties of an error that other code reads. */
const READ = ['name', 'message', 'stack', 'cause', 'code'] as const;
type Read = (typeof READ)[number];

/**
 * Makes what user code threw, or rejected with, safe to read. Afterwards reading name, message, stack, cause or code never throws, and
 * texts are strings. Each boundary at which user code is called passes the thrown value through this once. Never throws.
 *
 * Primitives, ordinary errors and ordinary objects stay as they are. A property that cannot be read is replaced in the error itself, or in
 * a copy if the error is frozen. A Proxy becomes an Error with whatever could be read through it.
 */
export function safeThrown(thrown: unknown): unknown {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return thrown;
  if (types.isProxy(thrown)) return copyOf(thrown, 0);
  if (!isError(thrown)) return isReadable(thrown, 'message') ? thrown : copyOf(thrown, 0);
  for (const key of READ) if (!isReadable(thrown, key) && !mend(thrown, key)) return copyOf(thrown, 0);
  return thrown;
}

/** Whether the value is an Error, of this realm or another. Never throws; false for a Proxy. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  try {
    return value instanceof Error;
  } catch {
    // One of its prototypes is a Proxy.
    return false;
  }
}

/** Whether the value must be awaited. Never throws; false for a value that cannot be inspected. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof readSafely(value, 'then') === 'function';

/**
 * Calls code of the user whose result is not awaited. `failed` gets what it throws, or rejects with: an unhandled rejection would end the
 * process. Returns what it returns.
 */
export function callSafely<T>(call: () => T, failed: (thrown: unknown) => void): T | undefined {
  try {
    const returned = call();
    if (isThenable(returned)) Promise.resolve(returned).catch(failed);
    return returned;
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
}

/**
 * Returns what a user's own object holds, by name. Throws `TypeError`, beginning with `what`, for anything else, an array or a Map too, and
 * if it cannot be read.
 */
export function entriesOf(given: unknown, what: string, of: string): [string, unknown][] {
  refuseRevoked(given, what);
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} must be an object of ${of} by name`);
  let entries: [string, unknown][] | undefined;
  try {
    // A Map has no entries of its own: its content would be ignored.
    if (!Array.isArray(given) && !types.isMap(given)) entries = Object.entries(given);
  } catch (thrown) {
    const cause = safeThrown(thrown);
    throw new TypeError(`${what} cannot be read: ${textOf(cause)}`, { cause });
  }
  if (!entries) throw new TypeError(`${what} must be an object of ${of} by name`);
  return entries;
}

/** Returns a property of any object, or `undefined` if reading it throws. */
export function readSafely(from: object, key: PropertyKey): unknown {
  try {
    return (from as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/**
 * Returns the text of a thrown value for a message: an error's message, else the value as JSON, else its type. Never throws. A text longer
 * than some 10,000 characters keeps its two ends.
 */
export const textOf = (thrown: unknown): string => shortened(wholeText(thrown), TEXT_LENGTH);

/** Shortens a text to some `length` characters. The middle is replaced by the number of characters left out. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = Math.ceil(length / 2);
  return `${text.slice(0, kept)} … (${text.length - 2 * kept} characters left out) … ${text.slice(-kept)}`;
}

function wholeText(thrown: unknown): string {
  switch (typeof thrown) {
    case 'string':
      return thrown;
    case 'object':
      return thrown === null ? 'null' : objectText(thrown);
    case 'function':
      return 'a function';
    default:
      return String(thrown);
  }
}

function objectText(thrown: object): string {
  const message = readSafely(thrown, 'message');
  if (typeof message === 'string') return message;
  if (types.isProxy(thrown)) return 'a Proxy';
  return jsonOf(isError(thrown) ? (message ?? '') : thrown) ?? tagOf(thrown);
}

/** Returns the value as JSON, or `undefined` if it is too large or JSON cannot show it. */
function jsonOf(value: unknown): string | undefined {
  let left = SHOWN_PROPERTIES;
  const shown = (_key: string, inside: unknown): unknown => {
    left -= 1;
    if (left < 0) throw new RangeError('there is more than is shown');
    return typeof inside === 'string' ? shortened(inside, TEXT_LENGTH) : inside;
  };
  try {
    return typeof value === 'string' ? value : JSON.stringify(value, shown);
  } catch {
    return undefined;
  }
}

function tagOf(value: object): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return 'an object';
  }
}

function isReadable(from: object, key: Read): boolean {
  try {
    const value = (from as Record<string, unknown>)[key];
    return isText(key) ? typeof value === 'string' || value === undefined : !types.isProxy(value);
  } catch {
    return false;
  }
}

const isText = (key: Read): boolean => key !== 'cause' && key !== 'code';

/** Replaces a property of an error that cannot be read by an own one. Returns false if the error does not allow it. */
function mend(error: Error, key: Read): boolean {
  try {
    return Reflect.defineProperty(error, key, hidden(readable(error, key, 0)));
  } catch {
    // V8 also formats the stack when it is replaced, which may run user code.
    return false;
  }
}

/** The replacement for a property that may not be readable. */
function readable(from: object, key: Read, depth: number): unknown {
  const value = readSafely(from, key);
  if (key === 'cause') return types.isProxy(value) ? copyOf(value as object, depth + 1) : value;
  // Only `cause` is followed: a Proxy that returns Proxies for every property would otherwise be copied 2^16 times.
  if (key === 'code') return types.isProxy(value) ? undefined : value;
  if (typeof value === 'string') return value;
  if (key === 'message') return value === undefined ? 'its message cannot be read' : textOf(value);
  return key === 'name' ? 'Error' : undefined;
}

/** Returns an Error with what can be read of a thrown value that cannot stay as it is. */
function copyOf(thrown: object, depth: number): Error {
  const text = readSafely(thrown, 'message');
  const what = types.isProxy(thrown) ? 'a Proxy' : tagOf(thrown);
  const copy = new Error(typeof text === 'string' ? text : `${what} was thrown whose message cannot be read`);
  for (const key of ['name', 'stack'] as const) {
    const value = readable(thrown, key, depth);
    if (value !== undefined && value !== copy[key]) Object.defineProperty(copy, key, hidden(value));
  }
  for (const key of ['cause', 'code'] as const) {
    const value = depth < MAX_DEPTH ? readable(thrown, key, depth) : undefined;
    if (value !== undefined) Object.defineProperty(copy, key, { ...hidden(value), enumerable: key === 'code' });
  }
  for (const brand of [handoffBrand, nonRetryableBrand]) if (isBranded(thrown, brand)) Object.defineProperty(copy, brand, { value: true });
  return copy;
}

const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false, writable: true, configurable: true });
