/** A column of numbers whose length is how many entries it has room for. */
export type NumberColumn = Int32Array | Float64Array | Uint8Array | Uint32Array;

/** The least room beyond what is needed: a run that grows by a few functions copies no column again. */
const LEAST_MORE = 8;

/** Shorter lists are copied in no time. */
const LONG = 1 << 16;

/** For long lists, how many entries they have room for. */
const rooms = new WeakMap<readonly unknown[], number>();

/**
 * Returns a column with room for `size` entries: itself if it has it, else a copy with room for many more, so that growing costs as much as
 * was added. The columns of one table have different numbers, whole or half, below 32: they are not all copied in the same turn. A copy of
 * a million numbers takes 2 to 5 ms, one of a list 10 ms.
 */
export function withRoom<C extends NumberColumn>(column: C, size: number, number: number): C {
  if (column.length >= size) return column;
  const roomier = new (column.constructor as new (length: number) => C)(roomFor(size, number));
  roomier.set(column);
  return roomier;
}

/** The same for a list, to which entries are pushed later. V8 keeps the room of a list that was up to twice as long. */
export function makeRoom(list: unknown[], size: number, number: number): void {
  if (size < LONG || size <= (rooms.get(list) ?? list.length)) return;
  const { length } = list;
  const room = roomFor(size, number);
  list.length = room;
  list.length = length;
  rooms.set(list, room);
}

/** Returns how many entries the list or column `number` has room for once it has `size`. */
const roomFor = (size: number, number: number): number => size + LEAST_MORE + Math.floor((size * (32 + (number % 32))) / 64);
