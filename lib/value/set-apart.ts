import { types } from 'node:util';
import { isError } from '../base/index.js';
import { addFields, type ErrorRecord, emptyError, errorRecordOf } from './rebuilt-error.js';
import { isBuffer } from './value-shape.js';

/**
 * A value whose errors and Buffers stand apart. Structured clone drops an error's own fields, so an empty object replaces each error: the
 * placeholder at the same index. A clone turns a Buffer into a Uint8Array and copies the whole pool, so a view of its own bytes replaces
 * it.
 */
export interface SetApart {
  readonly value: unknown;
  readonly placeholders: readonly object[];
  readonly records: readonly ErrorRecord[];
  /** The views that replace Buffers in the value. */
  readonly buffers: readonly Uint8Array[];
}

/** Copies the containers of a checked value iteratively. Shared and cyclic parts stay so; leaves are not copied. */
export function setApart(root: unknown): SetApart {
  const copies = new Map<object, unknown>();
  const placeholders: object[] = [];
  const records: ErrorRecord[] = [];
  const buffers: Uint8Array[] = [];
  const todo: (() => void)[] = [];

  const copyOf = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    const copy = newCopy(value);
    copies.set(value, copy);
    return copy;
  };
  const fill = (from: object, to: object): void => {
    for (const key of Object.keys(from)) define(to, key, copyOf((from as Record<string, unknown>)[key]));
  };
  const newCopy = (value: object): object => {
    if (isError(value)) {
      const placeholder = {};
      const record = errorRecordOf(value);
      placeholders.push(placeholder);
      records.push(record);
      todo.push(() => fill(record.fields, record.fields));
      return placeholder;
    }
    if (isBuffer(value)) {
      const bytes = ownBytes(value);
      buffers.push(bytes);
      return bytes;
    }
    if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value) || types.isDate(value) || types.isRegExp(value)) return value;
    if (types.isMap(value)) {
      const copy = new Map<unknown, unknown>();
      todo.push(() => value.forEach((entry, key) => void copy.set(copyOf(key), copyOf(entry))));
      return copy;
    }
    if (types.isSet(value)) {
      const copy = new Set<unknown>();
      todo.push(() => value.forEach((entry) => void copy.add(copyOf(entry))));
      return copy;
    }
    const copy: object = Array.isArray(value) ? new Array(value.length) : {};
    todo.push(() => fill(value, copy));
    return copy;
  };

  const value = copyOf(root);
  for (let next = todo.pop(); next; next = todo.pop()) next();
  return { value, placeholders, records, buffers };
}

/** Returns the bytes of a Buffer in memory that holds nothing else. Copies only if needed. */
function ownBytes(buffer: Buffer): Uint8Array {
  const isAlone = buffer.byteLength === buffer.buffer.byteLength;
  return isAlone ? new Uint8Array(buffer.buffer, 0, buffer.byteLength) : new Uint8Array(buffer);
}

/** Puts errors and Buffers back in place of their placeholders. Changes its argument. */
export function putBack({ value: root, placeholders, records, buffers }: SetApart): unknown {
  const errors = placeholders.map((_placeholder, index) => emptyError(records[index]!));
  const standsFor = new Map<object, object>();
  for (const [index, error] of errors.entries()) standsFor.set(placeholders[index]!, error);
  for (const bytes of buffers) standsFor.set(bytes, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const seen = new Set<object>();
  const todo: object[] = [];
  const restored = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const itself = standsFor.get(value);
    if (itself) return itself;
    if (!seen.has(value)) {
      seen.add(value);
      todo.push(value);
    }
    return value;
  };
  const value = restored(root);
  for (const record of records) todo.push(record.fields);
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (types.isMap(next)) {
      const entries = [...next];
      next.clear();
      for (const [key, entry] of entries) next.set(restored(key), restored(entry));
    } else if (types.isSet(next)) {
      const entries = [...next];
      next.clear();
      for (const entry of entries) next.add(restored(entry));
    } else if (!types.isArrayBufferView(next))
      for (const key of Object.keys(next)) define(next, key, restored((next as Record<string, unknown>)[key]));
  }
  for (const [index, error] of errors.entries()) addFields(error, records[index]!.fields);
  return value;
}

function define(target: object, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}
