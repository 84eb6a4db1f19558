import { types } from 'node:util';
import { DIGEST_BYTES, type Digests, isDigest } from './digest/digests.js';
import { pack, unpack } from './pack.js';

/** What a branch must know of a value: enough to compare it, wherever the value itself is. */
export interface Gist {
  readonly isTruthy: boolean;
  /** The value itself, if it is a primitive that it may be compared with: no text longer than the longest of those. Missing else. */
  readonly primitive?: string | number | boolean | null | undefined;
}

/**
 * How many elements the array has that was packed one by one, and the digest of each, 32 bytes, if that was asked for. Or what it is that
 * is no array: `a Map`, `null`.
 */
export type Split = { readonly count: number; readonly digests?: Uint8Array } | { readonly not: string };

/** What is told of a value beside it, as far as it was asked for. */
export interface ValueFacts {
  readonly gist?: Gist;
  readonly split?: Split;
  /** The digest of the value. It may be missing although it was asked for: then it is taken later, if at all. */
  readonly digest?: string;
}

/** Returns the facts with the digests of the value and of its elements. */
export const withDigests = (facts: ValueFacts | undefined, { digest, digests }: Digests): ValueFacts => ({
  ...facts,
  ...(facts?.split && digests && 'count' in facts.split && { split: { count: facts.split.count, digests } }),
  ...(digest !== undefined && { digest }),
});

/** The longest name of what is no array, characters: an error quotes it. */
const LONGEST_NAME = 100;

/** Packs facts, for another node or a record. */
export const packFacts = (facts: ValueFacts): Uint8Array => pack(facts, { where: 'facts' });

/** Unpacks what `packFacts` made. Returns `undefined` for any other bytes. */
export function unpackFacts(packed: Uint8Array): ValueFacts | undefined {
  try {
    const facts: unknown = unpack(packed, { freeze: false });
    return isFacts(facts) ? facts : undefined;
  } catch {
    return undefined;
  }
}

function isFacts(given: unknown): given is ValueFacts {
  if (typeof given !== 'object' || given === null) return false;
  const { gist, split, digest } = given as Record<string, unknown>;
  return (gist === undefined || isGist(gist)) && (split === undefined || isSplitFact(split)) && (digest === undefined || isDigest(digest));
}

function isGist(given: unknown): given is Gist {
  if (typeof given !== 'object' || given === null) return false;
  const { isTruthy, primitive } = given as Record<string, unknown>;
  const isPrimitive = primitive === null || /^(?:string|number|boolean|undefined)$/.test(typeof primitive);
  return typeof isTruthy === 'boolean' && isPrimitive && (!Object.hasOwn(given, 'primitive') || isTruthy === Boolean(primitive));
}

function isSplitFact(given: unknown): given is Split {
  if (typeof given !== 'object' || given === null) return false;
  const { count, not, digests } = given as Record<string, unknown>;
  if (count === undefined) return typeof not === 'string' && not.length <= LONGEST_NAME;
  if (!(Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) < 2 ** 32)) return false;
  return digests === undefined || (types.isUint8Array(digests) && digests.byteLength === DIGEST_BYTES * (count as number));
}

/** Returns the gist of a value, with texts of at most `longest` characters. Asks an object nothing. */
export function gistOf(value: unknown, longest: number): Gist {
  const isTruthy = Boolean(value);
  switch (typeof value) {
    case 'string':
      return value.length <= longest ? { isTruthy, primitive: value } : { isTruthy };
    case 'number':
    case 'boolean':
    case 'undefined':
      return { isTruthy, primitive: value };
    default:
      return value === null ? { isTruthy, primitive: null } : { isTruthy };
  }
}

/** An array is packed element by element up to this length: no run can have as many functions as a longer one has elements. */
const MOST_PARTS = 2 ** 24;

/** Whether it is an array that can be packed element by element. A sparse one may be far longer than anything that is there in memory. */
export const canSplit = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length <= MOST_PARTS;

/** Returns how many elements an array has, or what the value is instead. Runs no code of it. */
export const splitOf = (value: unknown): Split => (Array.isArray(value) ? { count: value.length } : { not: whatIs(value) });

/** Names a value that is no array: `a Map`, `a Uint8Array`, `a string`, `null`. */
function whatIs(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const name = typeof value === 'object' ? builtInOf(value) : typeof value;
  return /^[AEIOaeio]/.test(name) ? `an ${name}` : `a ${name}`;
}

function builtInOf(value: object): string {
  if (types.isProxy(value)) return 'Proxy';
  if (types.isTypedArray(value)) return Buffer.isBuffer(value) ? 'Buffer' : value[Symbol.toStringTag];
  for (const [name, is] of BUILT_INS) if (is(value)) return name;
  return 'object';
}

const BUILT_INS: readonly (readonly [name: string, is: (value: object) => boolean])[] = [
  ['Map', types.isMap],
  ['Set', types.isSet],
  ['Date', types.isDate],
  ['RegExp', types.isRegExp],
  ['DataView', types.isDataView],
  ['ArrayBuffer', types.isAnyArrayBuffer],
  ['Error', types.isNativeError],
];
