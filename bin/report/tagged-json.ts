/** JSON values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Returns a value as JSON. What JSON cannot carry is `{ "$type": …, "value": … }`: Date (ISO text; `null` if invalid), RegExp, Map (pairs),
 * Set, BigInt (digits), number (`NaN`, `Infinity`, `-Infinity`, `-0`), undefined, Error, bytes (Uint8Array, Uint8ClampedArray, ArrayBuffer,
 * DataView: base64), other typed arrays (numbers), and a plain object with a `$type` of its own (Object: pairs). A hole of an array is
 * undefined.
 *
 * An object that contains itself is a Reference at that place: the JSON Pointer to it (RFC 6901), in the text as it is written.
 */
export function taggedJson(value: unknown): Json {
  return tagged(value, '', new Map());
}

const tag = ($type: string, value?: Json): Json => (value === undefined ? { $type } : { $type, value });

function tagged(value: unknown, pointer: string, around: Map<object, string>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tag('number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return tag('BigInt', value.toString());
    case 'object':
      break;
    default:
      return tag(typeof value);
  }
  if (value === null) return null;
  const known = around.get(value);
  if (known !== undefined) return tag('Reference', known);
  around.set(value, pointer);
  const json = taggedObject(value, pointer, around);
  around.delete(value);
  return json;
}

function taggedObject(value: object, pointer: string, around: Map<object, string>): Json {
  const inside = (entry: unknown, ...path: readonly (string | number)[]): Json => {
    const steps = path.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`);
    return tagged(entry, pointer + steps.join(''), around);
  };
  if (Array.isArray(value)) return Array.from(value, (entry: unknown, at) => inside(entry, at));
  if (value instanceof Date) return tag('Date', Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof RegExp) return tag('RegExp', { source: value.source, flags: value.flags });
  if (value instanceof Map) {
    return tag(
      'Map',
      Array.from(value, ([key, entry], at) => [inside(key, 'value', at, 0), inside(entry, 'value', at, 1)]),
    );
  }
  if (value instanceof Set)
    return tag(
      'Set',
      Array.from(value, (entry: unknown, at) => inside(entry, 'value', at)),
    );
  if (value instanceof Error)
    return tag(
      'Error',
      object(errorEntries(value), (entry, key) => inside(entry, 'value', key)),
    );
  if (value instanceof ArrayBuffer) return tag('ArrayBuffer', Buffer.from(value).toString('base64'));
  if (ArrayBuffer.isView(value)) return taggedView(value);
  if (Object.hasOwn(value, '$type')) {
    return tag(
      'Object',
      Object.entries(value).map(([key, entry], at) => [key, inside(entry, 'value', at, 1)]),
    );
  }
  return object(Object.entries(value), inside);
}

function taggedView(view: ArrayBufferView): Json {
  const type = Object.prototype.toString.call(view).slice('[object '.length, -1);
  if (view instanceof Uint8Array || view instanceof Uint8ClampedArray || view instanceof DataView) {
    return tag(type, Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64'));
  }
  return tag(
    type,
    Array.from(view as unknown as ArrayLike<number | bigint>, (entry) => tagged(entry, '', new Map())),
  );
}

const errorEntries = (error: Error): [string, unknown][] => [
  ['name', error.name],
  ['message', error.message],
  ...(error.cause === undefined ? [] : [['cause', error.cause] satisfies [string, unknown]]),
  ...Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key)),
];

/** Returns an ordinary object with own properties, also for a key such as `__proto__`. */
const object = (entries: readonly [string, unknown][], inside: (entry: unknown, key: string) => Json): Json =>
  Object.fromEntries(entries.map(([key, entry]) => [key, inside(entry, key)]));
