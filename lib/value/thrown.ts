import { textOf } from '../base/index.js';
import { type Packed, pack, unpack } from './pack.js';
import { addFields, emptyError, recordOf } from './rebuilt-error.js';

/** How far a chain of causes is followed. */
const MAX_DEPTH = 16;

/**
 * Packs what a function threw, whatever it is. Never throws: an error's own fields that are no values are left out, and what is no value
 * and no error becomes an Error with its text.
 */
export function packThrown(thrown: unknown): Packed {
  try {
    return pack(thrown instanceof Error ? packable(thrown, 0, new Map()) : thrown, { where: 'error' });
  } catch {
    return pack(new Error(safely(() => textOf(thrown)) ?? 'something was thrown that cannot be shown'), { where: 'error' });
  }
}

/** What was thrown, again. */
export const unpackThrown = (packed: Packed): unknown => unpack(packed, { freeze: false });

/** A copy of the error with those of its fields that are values. */
function packable(error: Error, depth: number, known: Map<Error, Error>): Error {
  const before = known.get(error);
  if (before) return before;
  const record = recordOf(error);
  const copy = emptyError(record);
  known.set(error, copy);
  const fields: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(record.fields)) {
    if (value instanceof Error && depth >= MAX_DEPTH) continue;
    const kept = Array.isArray(value) ? value.map((entry) => keep(entry, depth, known)) : keep(value, depth, known);
    if (safely(() => pack(kept, { where: key }))) fields[key] = kept;
  }
  addFields(copy, fields);
  return copy;
}

function keep(value: unknown, depth: number, known: Map<Error, Error>): unknown {
  if (value instanceof Error) return depth < MAX_DEPTH ? packable(value, depth + 1, known) : undefined;
  return value;
}

function safely<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
