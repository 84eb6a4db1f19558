import { HandoffError, isPlainObject } from '../../base/index.js';

/** The position of a value: its key, and the position around it. */
interface Place {
  readonly value: object;
  readonly key: string;
  readonly around: Place | undefined;
}

interface Pending {
  readonly value: object;
  readonly copy: object;
  readonly place: Place;
}

/**
 * Returns a copy of `value` that JSON writes and reads back unchanged. Throws `HANDOFF_NOT_SERIALIZABLE` with the path of what JSON would
 * change: undefined, NaN, infinities, -0, bigint, symbols, functions, holes, cycles, class instances (Date, Map, …), accessors, hidden and
 * symbolic keys. Shared parts are written twice. Works without recursion.
 */
export function jsonCopy(value: unknown, path: string, whose: { readonly dagId: string; readonly functionId: string }): unknown {
  const refuse = (what: string, place: Place | undefined, key: string): never => {
    const where = path + pathTo(place) + key;
    throw new HandoffError(
      'HANDOFF_NOT_SERIALIZABLE',
      `Cannot write function ${JSON.stringify(whose.functionId)} as JSON: ${where} is ${what}`,
      {
        ...whose,
        path: where,
      },
    );
  };
  const pending: Pending[] = [];
  const copyOf = (item: unknown, around: Place | undefined, key: string): unknown => {
    if (item === null || typeof item === 'string' || typeof item === 'boolean') return item;
    if (typeof item === 'number') {
      if (!Number.isFinite(item)) refuse(String(item), around, key);
      return Object.is(item, -0) ? refuse('-0', around, key) : item;
    }
    if (typeof item !== 'object') return refuse(item === undefined ? 'undefined' : `a ${typeof item}`, around, key);
    for (let place = around; place !== undefined; place = place.around) if (place.value === item) refuse('part of itself', around, key);
    if (!Array.isArray(item) && !isPlainObject(item)) refuse(`an instance of ${className(item)}`, around, key);
    const copy: object = Array.isArray(item) ? new Array(item.length) : {};
    pending.push({ value: item, copy, place: { value: item, key, around } });
    return copy;
  };
  const copied = copyOf(value, undefined, '');
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: from, copy, place } = next;
    const isArray = Array.isArray(from);
    if (isArray) for (let i = 0; i < from.length; i++) if (!Object.hasOwn(from, i)) refuse('a hole', place, `[${i}]`);
    for (const key of Reflect.ownKeys(from)) {
      if (isArray && key === 'length') continue;
      if (typeof key === 'symbol') return refuse('a symbolic key', place, `[${String(key)}]`);
      const named = isArray && isIndex(key) ? `[${key}]` : isIdentifier(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      const { value: item, enumerable, get, set } = Object.getOwnPropertyDescriptor(from, key)!;
      if (get !== undefined || set !== undefined) refuse('an accessor', place, named);
      if (enumerable !== true) refuse('hidden', place, named);
      if (isArray && !isIndex(key)) refuse('a named property of an array', place, named);
      // Defined, as an assignment to `__proto__` would not make a key.
      Object.defineProperty(copy, key, { value: copyOf(item, place, named), writable: true, enumerable: true, configurable: true });
    }
  }
  return copied;
}

function pathTo(place: Place | undefined): string {
  const keys: string[] = [];
  for (let current = place; current !== undefined; current = current.around) keys.push(current.key);
  return keys.reverse().join('');
}

const isIdentifier = (key: string): boolean => /^[A-Za-z_$][\w$]*$/.test(key);
const isIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);

function className(value: object): string {
  const made: unknown = Reflect.get(value, 'constructor');
  return typeof made === 'function' && made.name !== '' ? made.name : 'a class';
}
