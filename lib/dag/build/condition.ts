import { isPlainObject, refuseWrongName } from '../../base/index.js';

/** A value that a condition compares with. A number is finite. */
export type Primitive = string | number | boolean | null;

/**
 * The condition under which a function runs: the value under an id is truthy, is a primitive, or is not. Compared with `Object.is`. `V`
 * holds the values of the DAG by id.
 */
export type Condition<V> =
  | (keyof V & string)
  | { readonly id: keyof V & string; readonly is: Primitive }
  | { readonly id: keyof V & string; readonly isNot: Primitive };

/** A condition as the DAG holds it. */
export type ConditionSpec = Condition<Record<string, unknown>>;

/**
 * Returns a frozen copy of a condition.
 * @throws a `TypeError` that begins with `intent` for any other shape.
 */
export function conditionOf(given: unknown, intent: string): ConditionSpec {
  if (typeof given === 'string' && given !== '') {
    refuseWrongName(given, intent, 'when');
    return given;
  }
  if (typeof given !== 'object' || given === null || !isPlainObject(given)) {
    throw new TypeError(`${intent}: when is neither a non-empty string nor { id, is } or { id, isNot }`);
  }
  const { id } = given as { readonly id?: unknown };
  if (typeof id !== 'string' || id === '') throw new TypeError(`${intent}: the id of when is not a non-empty string`);
  refuseWrongName(id, intent, 'the id of when');
  const tests = Object.entries(given as Readonly<Record<string, unknown>>).filter(([field]) => field !== 'id');
  for (const [field] of tests) {
    if (field !== 'is' && field !== 'isNot') throw new TypeError(`${intent}: unknown field ${JSON.stringify(field)} of when`);
  }
  const [test, ...others] = tests.filter(([, value]) => value !== undefined);
  if (test === undefined || others.length > 0) throw new TypeError(`${intent}: when has to have either is or isNot`);
  const [field, value] = test;
  if (!isPrimitive(value)) throw new TypeError(`${intent}: ${field} of when is not a string, a finite number, a boolean or null`);
  return Object.freeze(field === 'is' ? { id, is: value } : { id, isNot: value });
}

/** Returns the id whose value a condition looks at. */
export const idOfCondition = (condition: ConditionSpec): string => (typeof condition === 'string' ? condition : condition.id);

const isPrimitive = (value: unknown): value is Primitive =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
