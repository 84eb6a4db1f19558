import type { EncodedColumn, EncodedLists, EncodedNames, EncodedSparse } from './encoded-run.js';

/** Beyond this, twice a number is no safe integer any more. */
const LARGEST_INTEGER = 2 ** 51;

/** Encodes numbers in the shortest form that keeps all of them, NaN and -0 too. */
export function encodeColumn(numbers: ArrayLike<number>): EncodedColumn {
  const first = numbers.length === 0 ? 0 : numbers[0]!;
  let [isSame, areIntegers, areShort] = [Number.isFinite(first), true, true];
  for (let at = 0; at < numbers.length; at += 1) {
    const number = numbers[at]!;
    isSame &&= Object.is(number, first);
    areIntegers &&= Number.isInteger(number) && Math.abs(number) <= LARGEST_INTEGER && !Object.is(number, -0);
    areShort &&= Object.is(Math.fround(number), number);
  }
  if (isSame && !Object.is(first, -0)) return first;
  if (areIntegers) return { as: 'integers', base64: integersOf(numbers) };
  const [as, array] = areShort ? (['float32', Float32Array.from(numbers)] as const) : (['float64', Float64Array.from(numbers)] as const);
  return { as, base64: Buffer.from(array.buffer).toString('base64') };
}

/** Seven bits in a byte, the lowest first; the sign is the lowest of all. */
function integersOf(numbers: ArrayLike<number>): string {
  let bytes = Buffer.allocUnsafe(numbers.length * 2 + 16);
  let used = 0;
  for (let at = 0; at < numbers.length; at += 1) {
    if (used + 8 > bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
    const number = numbers[at]!;
    let rest = number < 0 ? -2 * number - 1 : 2 * number;
    while (rest >= 0x80) {
      bytes[used++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[used++] = rest;
  }
  return bytes.toString('base64', 0, used);
}

/** Collects a list of numbers for each function. */
export class ListEncoder {
  readonly #lengths: number[] = [];
  readonly #items: number[] = [];

  add(list: readonly number[]): void {
    this.#lengths.push(list.length);
    for (const item of list) this.#items.push(item);
  }

  get count(): number {
    return this.#items.length;
  }

  encoded(): EncodedLists {
    return { lengths: encodeColumn(this.#lengths), count: this.#items.length, items: encodeColumn(this.#items) };
  }
}

/** Collects a text for each function, each different one once. */
export class NameEncoder {
  readonly #places = new Map<string, number>();
  readonly #of: number[] = [];

  add(name: string): void {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(name, place);
    }
    this.#of.push(place);
  }

  encoded(): EncodedNames {
    return { names: [...this.#places.keys()], of: encodeColumn(this.#of) };
  }
}

/** Collects a number of the few functions that have one, in order. */
export class SparseEncoder {
  readonly #functions: number[] = [];
  readonly #numbers: number[] = [];

  add(index: number, number: number): void {
    this.#functions.push(index);
    this.#numbers.push(number);
  }

  encoded(): EncodedSparse {
    return { count: this.#functions.length, functions: encodeColumn(this.#functions), numbers: encodeColumn(this.#numbers) };
  }
}
