/** A column of numbers whose length is how many entries it has room for. */
export type NumberColumn = Int32Array | Float64Array | Uint8Array | Uint32Array;

/** The least room beyond what is needed: a run that grows by a few functions copies no column again. */
const LEAST_MORE = 8;

/**
 * Returns a column with room for `size` entries: itself if it has it, else a copy with room for many more, so that growing costs as much as
 * was added. Columns of one table have different numbers: they are not all copied in the same turn. A copy of a million takes milliseconds.
 */
export function withRoom<C extends NumberColumn>(column: C, size: number, number: number): C {
  if (column.length >= size) return column;
  const roomier = new (column.constructor as new (length: number) => C)(roomFor(size, number));
  roomier.set(column);
  return roomier;
}

/** Returns how many entries column `number` has room for once it has `size`. */
const roomFor = (size: number, number: number): number => size + LEAST_MORE + Math.floor((size * (8 + (number % 16))) / 16);
