// Functions that change what they are given, or what they gave.

const kept = new Uint8Array([1, 1, 1]);

/** The same memory each time, filled anew. */
export const refilled = (byte: number): Uint8Array => kept.fill(byte);

/** The first element, after it was changed. */
export function mark(values: { 0: number }): number {
  values[0] = 99;
  return values[0];
}

export const first = (values: { readonly 0: number }): number => values[0];

export const bytes = (...all: number[]): Uint8Array => new Uint8Array(all);

export const mapOf = (key: string, value: number): Map<string, number> => new Map([[key, value]]);

export function setKey(map: Map<string, number>, key: string, value: number): number {
  map.set(key, value);
  return map.size;
}

export const sizeOfMap = (map: ReadonlyMap<string, number>): number => map.size;

export const nested = (): object => ({
  map: new Map([['a', 1]]),
  set: new Set([1]),
  date: new Date(0),
  bytes: new Uint8Array([1]),
  pattern: /a/g,
  error: Object.assign(new Error('x'), { detail: [1] }),
});

interface Nested {
  map: Map<string, number>;
  set: Set<number>;
  date: Date;
  bytes: Uint8Array;
  pattern: RegExp;
  error: Error & { detail: number[] };
}

/** Changes everything that can be changed in it. */
export function spoil({ map, set, date, bytes: data, pattern, error }: Nested): string {
  map.set('b', 2);
  set.add(2);
  date.setTime(1);
  data[0] = 2;
  pattern.lastIndex = 1;
  error.message = 'spoilt';
  return 'spoilt';
}

/** Everything in it as text. */
export const describeNested = ({ map, set, date, bytes: data, pattern, error }: Nested): string =>
  JSON.stringify([[...map], [...set], date.getTime(), [...data], pattern.lastIndex, error.message, error.detail]);

/** Its argument itself. */
export const same = <T>(value: T): T => value;

/** Takes the last, and fails once it has. */
export function popThenFail(list: number[]): number {
  const last = list.pop();
  throw new Error(`took ${last}, left ${list.length}`);
}

export function failFirst(map: Map<string, number>): number {
  map.set(`size ${map.size}`, 1);
  if (failures.length < 1) {
    failures.push(map.size);
    throw new Error('the first time');
  }
  return map.size;
}
const failures: number[] = [];

export function push(list: number[]): number {
  return list.push(3);
}

export function later(list: number[]): Promise<number> {
  return Promise.resolve().then(() => list.push(3));
}
