import { types } from 'node:util';

/** Whether an object has no class: its prototype is none, or `Object.prototype`, of this realm or another. An array is not plain. */
export function isPlainObject(value: object): boolean {
  const above = Object.getPrototypeOf(value) as object | null;
  return above === null || Object.getPrototypeOf(above) === null;
}

/**
 * Returns a user's own object of options, which may be of any class. Throws `TypeError`, beginning with `what`, for anything else: every
 * option in a list or Map would be ignored.
 */
export function givenObject(given: unknown, what: string): Readonly<Record<string, unknown>> {
  refuseRevoked(given, what);
  const isWrong = typeof given !== 'object' || given === null || Array.isArray(given) || types.isMap(given) || types.isSet(given);
  if (isWrong) throw new TypeError(`${what} must be an object`);
  return given as Readonly<Record<string, unknown>>;
}

/** Throws `TypeError`, beginning with `what`, for a Proxy that has been revoked: whatever reads it would throw words of Node's own. */
export function refuseRevoked(given: unknown, what: string): void {
  if (!types.isProxy(given)) return;
  try {
    Array.isArray(given);
  } catch {
    throw new TypeError(`${what} cannot be read: it is a Proxy that has been revoked`);
  }
}
