import { types } from 'node:util';
import { HandoffError, isPlainObject, readSafely, textOf } from '../base/index.js';
import { packedDepth } from './depth.js';
import { keyText, type PathStep, pathText } from './paths.js';
import { isBuffer, shapeOf, type ValueShape } from './value-shape.js';

/** Deeply frozen values and their surveys. A value passed from function to function is not walked again. */
const sound = new WeakMap<object, Survey>();

const FIXED_BYTES = 8;

/**
 * The deepest allowed nesting. V8 packs and unpacks recursively: the main thread's stack holds some 1,900 nested objects, a worker thread's
 * twice as many. What a thread has packed must open anywhere.
 */
export const MAX_DEPTH = 1000;

/**
 * Walks through a value once, iteratively, shared and cyclic parts included. Returns its estimated size in bytes.
 *
 * Throws `HANDOFF_NOT_SERIALIZABLE` with the path for functions, symbols (also as keys), class instances, accessors, promises, iterators,
 * proxies, properties that a copy would lose, and nesting deeper than 1,000.
 */
export const check = (value: unknown, options: CheckOptions): number => survey(value, options).sizeBytes;

/** Like `check`, but returns all findings. */
export function survey(value: unknown, { where, freeze, isList = false }: CheckOptions): Survey {
  if (typeof value !== 'object' || value === null) return { ...PRIMITIVE, sizeBytes: sizeOfPrimitive(value, where, undefined) };
  const known = sound.get(value);
  if (known) return known;
  const walk = new Walk(where, freeze, Number.POSITIVE_INFINITY, isList ? MAX_DEPTH + 1 : MAX_DEPTH);
  walk.visit(value, undefined);
  const { sizeBytes, needsCare, freezesWhole, hasFields, hasHoles, isTree, isDense } = walk;
  const found: Survey = { sizeBytes, needsCare, freezesWhole, hasFields, hasHoles, isTree, isDense };
  if (freeze && walk.freezesWhole) sound.set(value, found);
  return found;
}

const PRIMITIVE: Survey = {
  ...{ sizeBytes: 0, needsCare: false, freezesWhole: true },
  ...{ hasFields: false, hasHoles: false, isTree: true, isDense: true },
};

/** Whether something is a value of at most `mostBytes`, and how many bytes were looked at to find out. Never throws. */
export function measure(value: unknown, mostBytes: number): { readonly isValue: boolean; readonly sizeBytes: number } {
  const walk = new Walk('field', false, mostBytes);
  try {
    walk.visit(value, undefined);
    return { isValue: walk.sizeBytes <= mostBytes, sizeBytes: walk.sizeBytes };
  } catch {
    return { isValue: false, sizeBytes: walk.sizeBytes };
  }
}

class Walk {
  sizeBytes = 0;
  needsCare = false;
  /** Whether everything met so far can be frozen. */
  freezesWhole = true;
  isTree = true;
  isDense = true;
  /** Of the root, if it is an array: whether it has properties besides its elements, and places without an element. */
  hasFields = false;
  hasHoles = false;
  readonly #where: string;
  readonly #freeze: boolean;
  readonly #mostBytes: number;
  readonly #mostDepth: number;
  /** For each object, the depth at which it was first met. */
  readonly #seen = new Map<object, number>();
  readonly #todo: (readonly [object, PathStep | undefined, number])[] = [];
  /** The depth of the object that is being entered. */
  #depth = 0;
  #deepest = 0;
  /** For objects met again deeper than at first, the sum of the differences. No path into the value is longer than this plus `#deepest`. */
  #deeperAgain = 0;

  constructor(where: string, freeze: boolean, mostBytes: number, mostDepth = MAX_DEPTH) {
    this.#where = where;
    this.#freeze = freeze;
    this.#mostBytes = mostBytes;
    this.#mostDepth = mostDepth;
  }

  visit(root: unknown, at: PathStep | undefined): void {
    this.#meet(root, at);
    let next = this.#todo.pop();
    try {
      for (; next && this.sizeBytes <= this.#mostBytes; next = this.#todo.pop()) {
        this.#depth = next[2];
        this.#enter(next[0], next[1]);
      }
    } catch (error) {
      if (HandoffError.is(error)) throw error;
      // Code of the object, or of a Proxy among its prototypes, threw.
      throw refused(this.#where, next![1], 'an object that cannot be looked at');
    }
    // Needed only where many parts are shared at unequal depths. Whether V8 goes too deep then depends on the order in which it reaches
    // them.
    if (this.#deepest + this.#deeperAgain > this.#mostDepth && packedDepth(root as object) > this.#mostDepth)
      throw tooDeep(this.#where, at);
  }

  /** Meets a part of the value. A primitive is counted now, an object is entered later. */
  #meet(value: unknown, at: PathStep | undefined): void {
    if (typeof value !== 'object' || value === null) {
      this.sizeBytes += sizeOfPrimitive(value, this.#where, at);
      return;
    }
    this.sizeBytes += 2;
    const depth = this.#depth + 1;
    const before = this.#seen.get(value);
    if (before !== undefined) {
      this.isTree = false;
      if (depth > before) this.#deeperAgain += depth - before;
      return;
    }
    if (depth > this.#deepest) {
      if (depth > this.#mostDepth) throw tooDeep(this.#where, at);
      this.#deepest = depth;
    }
    this.#seen.set(value, depth);
    this.#todo.push([value, at, depth]);
  }

  #enter(value: object, at: PathStep | undefined): void {
    const shape = shapeOf(value);
    if (typeof shape === 'object') throw refused(this.#where, at, shape.refused);
    if (shape === 'object' || shape === 'array') {
      this.#properties(value, at, shape);
      if (this.#freeze) Object.freeze(value);
      return;
    }
    this.freezesWhole = false;
    if (shape === 'error') return this.#error(value as Error, at);
    if (shape === 'binary') this.#binary(value as ArrayBuffer | ArrayBufferView, at);
    else if (shape === 'leaf') this.sizeBytes += FIXED_BYTES + (value instanceof RegExp ? value.source.length : 0);
    if (shape === 'map') this.#map(value as Map<unknown, unknown>, at);
    if (shape === 'set') for (const entry of value as Set<unknown>) this.#meet(entry, { above: at, key: '.values()' });
    this.#nothingLost(value, at, shape);
  }

  #properties(value: object, at: PathStep | undefined, shape: 'object' | 'array'): void {
    const keys = Reflect.ownKeys(value);
    if (shape === 'array') {
      const { length } = value as readonly unknown[];
      // Positions come first, then `length`, then names.
      const isDense = keys.length === length + 1 && keys[length] === 'length';
      if (!isDense) this.isDense = false;
      if (!isDense && this.#depth === 1) {
        const elements = keys.lastIndexOf('length');
        this.hasFields = keys.length > elements + 1;
        this.hasHoles = elements < length;
      }
    }
    for (const key of keys) {
      if (typeof key === 'symbol') throw refused(this.#where, at, `a property whose key is ${String(key)}`);
      if (shape === 'array' && key === 'length') continue;
      const { value: inside, get, set, enumerable } = Object.getOwnPropertyDescriptor(value, key)!;
      const step = typeof inside === 'object' || typeof inside === 'function' || typeof inside === 'symbol' || get || set || !enumerable;
      const within = step ? { above: at, key: keyText(shape === 'array' && /^\d+$/.test(key) ? Number(key) : key) } : at;
      if (get || set) throw refused(this.#where, within, 'an accessor');
      if (!enumerable) throw refused(this.#where, within, 'a property that is not enumerable, which a copy would lose,');
      if (shape === 'object') this.sizeBytes += key.length + 2;
      this.#meet(inside, within);
    }
  }

  #map(value: Map<unknown, unknown>, at: PathStep | undefined): void {
    for (const [key, entry] of value) {
      const name =
        typeof key === 'string' ? JSON.stringify(key) : typeof key === 'object' || typeof key === 'symbol' ? typeof key : String(key);
      this.#meet(key, { above: at, key: `.keys(${name})` });
      this.#meet(entry, { above: at, key: `.get(${name})` });
    }
  }

  #binary(value: ArrayBuffer | ArrayBufferView, at: PathStep | undefined): void {
    if (isWithoutMemory(value)) throw refused(this.#where, at, 'binary data whose memory was given away or taken back');
    this.sizeBytes += value.byteLength + FIXED_BYTES;
    if (isBuffer(value)) this.needsCare = true;
  }

  #error(error: Error, at: PathStep | undefined): void {
    this.needsCare = true;
    this.sizeBytes += FIXED_BYTES + errorText(error, 'message').length + errorText(error, 'stack').length;
    for (const key of errorFields(error)) {
      const descriptor = Object.getOwnPropertyDescriptor(error, key)!;
      const within = { above: at, key: keyText(key) };
      if (descriptor.get || descriptor.set) throw refused(this.#where, within, 'an accessor');
      this.#meet(descriptor.value, within);
    }
  }

  /** Refuses own properties of a Map, a Date and the like: no copy keeps them. */
  #nothingLost(value: object, at: PathStep | undefined, shape: ValueShape): void {
    if (shape === 'binary' && ArrayBuffer.isView(value)) return;
    const [lost] = Object.keys(value);
    if (lost !== undefined)
      throw refused(this.#where, { above: at, key: keyText(lost) }, 'a property of its own on a built-in object, which a copy would lose,');
  }
}

/** Calling it throws for transferred memory, and for a view that reaches beyond a buffer that has shrunk. */
const entriesOf = Uint8Array.prototype.entries;
const sliceOf = ArrayBuffer.prototype.slice;

function isWithoutMemory(value: ArrayBuffer | ArrayBufferView): boolean {
  try {
    // Throws for a DataView.
    if (value.byteLength > 0) return false;
    if (types.isTypedArray(value)) Reflect.apply(entriesOf, value, []);
    else if (!ArrayBuffer.isView(value)) Reflect.apply(sliceOf, value, [0]);
    return false;
  } catch {
    return true;
  }
}

/** Guesses the packed size of a value from its surface, for values that are not walked. */
export function surfaceSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  // Asking a Proxy would run user code, which may throw.
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return FIXED_BYTES;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (Array.isArray(value)) return value.length * 2 * FIXED_BYTES;
  if (value instanceof Map || value instanceof Set) return value.size * 4 * FIXED_BYTES;
  return FIXED_BYTES * 8;
}

/** Returns name, message or stack of an error as a string, whatever the property holds. Never throws. */
export function errorText(error: Error, key: 'name' | 'message' | 'stack'): string {
  const value = readSafely(error, key);
  return typeof value === 'string' ? value : value === undefined ? '' : textOf(value);
}

/** Returns the own fields of an error that are kept, besides name, message and stack. */
export function errorFields(error: Error): string[] {
  const fields = Object.keys(error).filter((key) => key !== 'stack' && key !== 'message' && key !== 'name');
  for (const hidden of ['cause', 'errors']) if (Object.hasOwn(error, hidden) && !fields.includes(hidden)) fields.push(hidden);
  return fields;
}

function sizeOfPrimitive(value: unknown, where: string, at: PathStep | undefined): number {
  switch (typeof value) {
    case 'string':
      return value.length + 4;
    case 'function':
      throw refused(where, at, value.name ? `the function ${value.name}` : 'a function');
    case 'symbol':
      throw refused(where, at, 'a symbol');
    case 'bigint':
      return 16;
    case 'number':
      return FIXED_BYTES;
    default:
      return 1;
  }
}

function refused(where: string, at: PathStep | undefined, what: string): HandoffError {
  const path = pathText(where, at);
  return new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot pass ${path} on: ${what} is not a value`, { path });
}

function tooDeep(where: string, at: PathStep | undefined): HandoffError {
  const path = pathText(where, at);
  const message = `Cannot pass ${path} on: it is nested deeper than ${MAX_DEPTH}`;
  return new HandoffError('HANDOFF_NOT_SERIALIZABLE', message, { path });
}

/** Freezes a checked value iteratively: plain objects and arrays, each once. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const seen = new Set<object>([value]);
  const todo: object[] = [value];
  const meet = (inside: unknown): void => {
    if (typeof inside !== 'object' || inside === null || seen.has(inside)) return;
    seen.add(inside);
    todo.push(inside);
  };
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (next instanceof Map) {
      for (const [key, entry] of next) {
        meet(key);
        meet(entry);
      }
    } else if (next instanceof Set) for (const entry of next) meet(entry);
    else if (Array.isArray(next) || isPlainObject(next)) {
      for (const key of Object.keys(next)) meet((next as Record<string, unknown>)[key]);
      Object.freeze(next);
    }
  }
  return value;
}

/** Options of a check. */
export interface CheckOptions {
  /** The name of the root value, with which paths begin: `result`, `inputs.xs`. */
  readonly where: string;
  /** Whether plain objects and arrays are frozen on the way, each once. Binary data, Map, Set and Date cannot be. */
  readonly freeze: boolean;
  /**
   * Whether the root is a list of values, as constants are. The list itself then does not count as a level.
   * @default false
   */
  readonly isList?: boolean;
}

/** The findings of a walk through a value. */
export interface Survey {
  /** An estimate of the packed size. */
  readonly sizeBytes: number;
  /** Whether the value contains something that structured clone alone would damage: an Error's own fields, or a Buffer. */
  readonly needsCare: boolean;
  /** Whether freezing makes the whole value immutable, as nothing inside is unfreezable. */
  readonly freezesWhole: boolean;
  /** Whether it is an array that has properties besides its elements. */
  readonly hasFields: boolean;
  /** Whether it is an array with places that hold no element. */
  readonly hasHoles: boolean;
  /** Whether each object in it is met once: no part shares anything with another. */
  readonly isTree: boolean;
  /** Whether no array in it has places that hold no element, or properties besides its elements. */
  readonly isDense: boolean;
}
