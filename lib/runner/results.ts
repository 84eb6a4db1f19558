import type { Held } from '../value/index.js';

/** Values whose packed form is larger are unpacked when somebody looks at them, so that a run's end does not hold up the node's loop. */
const OPENED_AT_ONCE_BYTES = 64 * 1024;

/** Sets an own property, also for ids such as `__proto__`. */
function define(target: Record<string, unknown>, id: string, value: unknown): void {
  if (id !== '__proto__') target[id] = value;
  else Object.defineProperty(target, id, { value, writable: true, enumerable: true, configurable: true });
}

/** A map of strings that is an ordinary object. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = {};
  for (const [id, value] of entries) define(record, id, value);
  return record;
}

/**
 * The results of a run as an ordinary object. Small values are there; a large one that is packed is an accessor that unpacks it at the
 * first look, and gives the same object from then on.
 */
export function openResults(values: Iterable<readonly [string, Held]>, freeze: boolean): Record<string, unknown> {
  const results: Record<string, unknown> = {};
  for (const [id, held] of values) {
    if (!held.isPacked || held.sizeBytes <= OPENED_AT_ONCE_BYTES) {
      define(results, id, held.open(freeze));
      continue;
    }
    let packed: Held | undefined = held;
    let value: unknown;
    const get = (): unknown => {
      if (packed) [value, packed] = [packed.open(freeze), undefined];
      return value;
    };
    Object.defineProperty(results, id, { get, enumerable: true, configurable: true });
  }
  return results;
}
