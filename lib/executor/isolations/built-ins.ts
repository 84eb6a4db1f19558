import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { MessagePort } from 'node:worker_threads';

/** One property of a built-in object, as it was. */
interface Known {
  readonly holder: object;
  readonly key: PropertyKey;
  readonly path: string;
  readonly descriptor: PropertyDescriptor;
}

/**
 * Other built-ins that code relies on, besides the language itself. Those that tracing tools commonly wrap are not included: `http`, and
 * `fetch` and `console`, which are in `WRAPPED`.
 */
const HOST = [
  'structuredClone',
  'queueMicrotask',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Buffer',
  'AbortController',
  'AbortSignal',
  'Event',
  'EventTarget',
  'TextDecoder',
  'TextEncoder',
  'URL',
];

/**
 * Properties of `Object.prototype` that break other code even without `for … in`: they are looked up in any object that is awaited or
 * describes a property.
 */
const LOOKED_UP: readonly string[] = ['then', 'get', 'set', 'value', 'writable', 'enumerable', 'configurable'];

/** Functions that programs commonly wrap. They count as changed only if they can no longer be called. */
const WRAPPED: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'console',
    console,
    ['log', 'info', 'debug', 'warn', 'error', 'dir', 'table', 'trace', 'assert', 'group', 'groupEnd', 'time', 'timeEnd'],
  ],
  ['globalThis', globalThis, ['fetch']],
];

// The check itself must not rely on what it checks.
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

/**
 * The built-ins of this thread at the time of creation: the language's, and those of Node that nearly all code uses. Later additions do not
 * count, except those that every `for … in` would meet.
 */
export class BuiltIns {
  readonly #known: readonly Known[] = [...knownProperties()];
  readonly #wrapped: readonly Known[] = [...wrappedProperties()];
  readonly #bare: readonly (readonly [object, string])[] = [
    [Object.prototype, 'Object.prototype'],
    [Array.prototype, 'Array.prototype'],
  ];

  /** Returns the name of a built-in that was changed or removed, as in `Array.prototype.map`, or `undefined`. Takes about 0.1 ms. */
  changed(): string | undefined {
    for (let at = 0; at < LOOKED_UP.length; at += 1) {
      const key = LOOKED_UP[at]!;
      if (getOwnPropertyDescriptor(Object.prototype, key)) return `Object.prototype.${key}`;
    }
    for (let at = 0; at < this.#known.length; at += 1) {
      const { holder, key, path, descriptor } = this.#known[at]!;
      const now = getOwnPropertyDescriptor(holder, key);
      if (!now || now.value !== descriptor.value || now.get !== descriptor.get) return path;
    }
    for (let at = 0; at < this.#wrapped.length; at += 1) {
      const { holder, key, path } = this.#wrapped[at]!;
      const now = getOwnPropertyDescriptor(holder, key);
      if (!now || (typeof now.value !== 'function' && !now.get)) return path;
    }
    for (let at = 0; at < this.#bare.length; at += 1) {
      const [holder, path] = this.#bare[at]!;
      const keys = ownKeys(holder);
      for (let index = 0; index < keys.length; index += 1) {
        const key = keys[index]!;
        if (getOwnPropertyDescriptor(holder, key)?.enumerable) return `${path}.${typeof key === 'string' ? key : '[symbol]'}`;
      }
    }
    return undefined;
  }

  /** Restores what was changed or removed, as far as possible. */
  restore(): void {
    // First: the descriptors below are objects that inherit these.
    for (let at = 0; at < LOOKED_UP.length; at += 1) deleteProperty(Object.prototype, LOOKED_UP[at]!);
    for (let at = 0; at < this.#known.length; at += 1) {
      const { holder, key, descriptor } = this.#known[at]!;
      defineProperty(holder, key, descriptor);
    }
  }
}

function* knownProperties(): Generator<Known> {
  const seen = new Set<object>();
  for (const [path, value] of roots()) yield* propertiesOf(path, value, seen);
  for (const name of HOST) {
    // Some are created on first access.
    Reflect.get(globalThis, name);
    yield* property(globalThis, name, name);
  }
  yield* property(process, 'nextTick', 'process.nextTick');
  yield* property(process, 'emit', 'process.emit');
}

function* wrappedProperties(): Generator<Known> {
  for (const [path, holder, keys] of WRAPPED) {
    for (const key of keys) {
      const descriptor = Object.getOwnPropertyDescriptor(holder, key);
      if (descriptor) yield { holder, key, path: `${path}.${key}`, descriptor };
    }
  }
}

/** Lists the objects whose properties are checked: constructors, their prototypes, and objects without a global name. */
function* roots(): Generator<readonly [string, object]> {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    const value: unknown = descriptor && 'value' in descriptor ? descriptor.value : undefined;
    if (!isLanguage(name, value)) continue;
    yield [name, value];
    const { prototype } = value as { readonly prototype?: unknown };
    if (typeof prototype === 'object' && prototype !== null) yield [`${name}.prototype`, prototype];
  }
  for (const { name, prototype } of [MessagePort, EventEmitter, EventTarget, AsyncLocalStorage, Serializer, Deserializer])
    yield [`${name}.prototype`, prototype];
  const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object;
  const list = prototypeOf([][Symbol.iterator]());
  yield ['ArrayIterator.prototype', list];
  yield ['Iterator.prototype', prototypeOf(list)];
  yield ['MapIterator.prototype', prototypeOf(new Map()[Symbol.iterator]())];
  yield ['SetIterator.prototype', prototypeOf(new Set()[Symbol.iterator]())];
  yield ['StringIterator.prototype', prototypeOf(''[Symbol.iterator]())];
  const typedArray = prototypeOf(Uint8Array);
  yield ['TypedArray', typedArray];
  yield ['TypedArray.prototype', prototypeOf(Uint8Array.prototype)];
  yield ['Generator.prototype', prototypeOf(prototypeOf((function* () {})()))];
  yield ['util.types', types];
  yield ['AsyncGenerator.prototype', prototypeOf(prototypeOf((async function* () {})()))];
}

/** The names of the language, which every realm has. */
const LANGUAGE =
  /^(?:Object|Function|Array|String|Number|Boolean|Symbol|BigInt|Promise|Map|Set|WeakMap|WeakSet|WeakRef|FinalizationRegistry|\w*Error|Date|RegExp|JSON|Math|Reflect|Proxy|ArrayBuffer|SharedArrayBuffer|DataView|Atomics|\w+Array|Iterator|Buffer)$/;

const isLanguage = (name: string, value: unknown): value is object =>
  LANGUAGE.test(name) && ((typeof value === 'object' && value !== null) || typeof value === 'function');

function* propertiesOf(path: string, holder: object, seen: Set<object>): Generator<Known> {
  if (seen.has(holder)) return;
  seen.add(holder);
  if (Object.getOwnPropertyDescriptor(globalThis, path)) yield* property(globalThis, path, path);
  for (const key of Reflect.ownKeys(holder)) yield* property(holder, key, `${path}.${String(key)}`);
}

/** Lists functions only: `Error.stackTraceLimit` and the like are meant to be set. */
function* property(holder: object, key: PropertyKey, path: string): Generator<Known> {
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (!descriptor) return;
  const { value, get } = descriptor as { readonly value?: unknown; readonly get?: unknown };
  const isObject = typeof value === 'object' && value !== null;
  if (typeof value === 'function' || typeof get === 'function' || (isObject && holder === globalThis))
    yield { holder, key, path, descriptor };
}
