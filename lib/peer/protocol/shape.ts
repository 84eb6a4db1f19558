import { isWellFormed } from '../../base/index.js';

/**
 * Checks whether received data has the expected shape. Returns the path of the first fault, such as `inputs[3].sizeBytes` (empty for the
 * value itself), or `undefined` if there is none. Never throws and changes nothing.
 *
 * Shapes are closures made once. No code is generated, and a message of twenty fields takes well under a microsecond.
 */
export interface Shape<T> {
  (value: unknown): string | undefined;
  /** For the compiler only. */
  readonly is?: T;
}

/** The type of the values of a shape. */
export type Of<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> };

const WRONG = '';

/** Any string. */
export const text: Shape<string> = (value) => (typeof value === 'string' ? undefined : WRONG);

/** An id or a name: any string that is not empty. */
export const id: Shape<string> = (value) => (typeof value === 'string' && value !== '' ? undefined : WRONG);

/** The longest name of a node, UTF-16 units. */
export const LONGEST_NODE_NAME = 255;

/** The name of a node: an id of limited length, as it arrives before anything is proved. */
export const nodeName: Shape<string> = (value) =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_NODE_NAME && isWellFormed(value) ? undefined : WRONG;

/** Any finite number. */
export const number: Shape<number> = (value) => (Number.isFinite(value) ? undefined : WRONG);

/** From 0 up, finite: an amount, a length of time. */
export const amount: Shape<number> = (value) => (Number.isFinite(value) && (value as number) >= 0 ? undefined : WRONG);

/** An integer from 0 up: a count, a position, a size. */
export const count: Shape<number> = (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : WRONG);

/** True or false. */
export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? undefined : WRONG);

/** Bytes with unchecked content. */
export const bytes: Shape<Uint8Array> = (value) => (value instanceof Uint8Array ? undefined : WRONG);

/** An exact number of bytes. */
export const bytesOf =
  (length: number): Shape<Uint8Array> =>
  (value) =>
    value instanceof Uint8Array && value.length === length ? undefined : WRONG;

/** A SHA-256 in base64url. It is safe as the name of a file. */
export const sha256: Shape<string> = (value) => (typeof value === 'string' && /^[\w-]{43}$/.test(value) ? undefined : WRONG);

/** Anything that the codec accepts: plain data of bounded depth. */
export const plain: Shape<unknown> = (value) => (value === undefined ? WRONG : undefined);

/** One of these words. */
export function word<const W extends string>(...words: readonly W[]): Shape<W> {
  const known = new Set<unknown>(words);
  return (value) => (known.has(value) ? undefined : WRONG);
}

/** What `shape` allows, or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? undefined : shape(value));
}

/** A list of at most `most` such values. */
export function list<T>(shape: Shape<T>, most = Number.POSITIVE_INFINITY): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return WRONG;
    for (let at = 0; at < value.length; at++) {
      const fault = shape(value[at]);
      if (fault !== undefined) return `[${at}]${dotted(fault)}`;
    }
    return undefined;
  };
}

/** An array of exactly these shapes. */
export function tuple<const S extends readonly Shape<unknown>[]>(...shapes: S): Shape<{ readonly [K in keyof S]: Of<S[K]> }> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== shapes.length) return WRONG;
    for (let at = 0; at < shapes.length; at++) {
      const fault = shapes[at]!(value[at]);
      if (fault !== undefined) return `[${at}]${dotted(fault)}`;
    }
    return undefined;
  };
}

/** An object with all of these fields, and with no others unless it is `open`. */
export function object<const F extends Fields>(fields: F, { open = false } = {}): Shape<ObjectOf<F>> {
  const names = Object.keys(fields);
  const shapes = Object.values(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return WRONG;
    const given = value as Readonly<Record<string, unknown>>;
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      // A missing field is `undefined`, which no shape accepts.
      const fault = shapes[at]!(given[name]);
      if (fault !== undefined) return `${name}${dotted(fault)}`;
    }
    if (!open) {
      let extra = 0;
      for (const _ in given) extra += 1;
      if (extra !== names.length) return WRONG;
    }
    return undefined;
  };
}

/** One of several objects, distinguished by the word in `key`. */
export function variants<const K extends string, const V extends Readonly<Record<string, Fields>>>(
  key: K,
  byWord: V,
): Shape<{ [W in keyof V & string]: { readonly [P in K]: W } & ObjectOf<V[W]> }[keyof V & string]> {
  const shapes = new Map(Object.entries(byWord).map(([name, fields]) => [name, object({ [key]: word(name), ...fields })]));
  return (value) => {
    if (typeof value !== 'object' || value === null) return WRONG;
    const shape = shapes.get((value as Readonly<Record<string, string>>)[key]!);
    return shape ? shape(value) : key;
  };
}

/** The first of these shapes that fits. The last one reports the fault. */
export function either<const S extends readonly Shape<unknown>[]>(...shapes: S): Shape<Of<S[number]>> {
  return (value) => {
    let fault: string | undefined = WRONG;
    for (const shape of shapes) {
      fault = shape(value);
      if (fault === undefined) return undefined;
    }
    return fault;
  };
}

const dotted = (fault: string): string => (fault === '' || fault.startsWith('[') ? fault : `.${fault}`);
