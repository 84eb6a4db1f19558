import { types } from 'node:util';
import { isError } from '../base/index.js';

/** The depth of an error's record in packed data. */
const RECORD_DEPTH = 4;

/**
 * Returns how deep V8 goes into a value when it packs it. V8 goes depth first, in the order of properties, into each part where it is first
 * met; errors stand apart and come last. For checked values only.
 */
export function packedDepth(root: object): number {
  const seen = new Set<object>();
  const errors: object[] = [];
  let deepest = 0;
  const walk = (from: object, at: number): void => {
    const todo: (readonly [object, number])[] = [[from, at]];
    for (let next = todo.pop(); next; next = todo.pop()) {
      const [value, depth] = next;
      if (seen.has(value)) continue;
      seen.add(value);
      deepest = Math.max(deepest, depth);
      if (isError(value)) {
        errors.push(value);
        continue;
      }
      const inside = partsOf(value);
      for (let position = inside.length - 1; position >= 0; position -= 1) todo.push([inside[position]!, depth + 1]);
    }
  };
  walk(root, 1);
  for (let error = errors.shift(); error; error = errors.shift()) for (const part of partsOf(error)) walk(part, RECORD_DEPTH);
  return deepest;
}

function partsOf(value: object): object[] {
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return [];
  const parts: unknown[] = types.isMap(value)
    ? [...value].flat(1)
    : types.isSet(value)
      ? [...value]
      : Reflect.ownKeys(value).map((key) => (value as Record<PropertyKey, unknown>)[key]);
  return parts.filter((part): part is object => typeof part === 'object' && part !== null);
}
