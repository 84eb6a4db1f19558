import type { EncodedColumn, EncodedLists, EncodedNames, EncodedSparse } from './encoded-run.js';

/** Decodes a column of `count` numbers. Runs in browsers: nothing here is of Node. */
export function decodeColumn(column: EncodedColumn, count: number): ArrayLike<number> {
  if (typeof column === 'number') return new Float64Array(count).fill(column);
  const bytes = bytesOf(column.base64);
  switch (column.as) {
    case 'integers':
      return integersIn(bytes, count);
    case 'float32':
      return new Float32Array(bytes.buffer);
    case 'float64':
      return new Float64Array(bytes.buffer);
  }
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function integersIn(bytes: Uint8Array, count: number): Float64Array {
  const numbers = new Float64Array(count);
  let used = 0;
  for (let at = 0; at < count; at += 1) {
    let [rest, scale, byte] = [0, 1, bytes[used++]!];
    for (; byte >= 0x80; byte = bytes[used++]!) {
      rest += (byte - 0x80) * scale;
      scale *= 0x80;
    }
    rest += byte * scale;
    numbers[at] = rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
  }
  return numbers;
}

/** A list of numbers for each function. */
export class DecodedLists {
  readonly #starts: Float64Array;
  readonly #items: ArrayLike<number>;

  constructor(lists: EncodedLists, functions: number) {
    this.#items = decodeColumn(lists.items, lists.count);
    const lengths = decodeColumn(lists.lengths, functions);
    this.#starts = new Float64Array(functions + 1);
    for (let at = 0; at < functions; at += 1) this.#starts[at + 1] = this.#starts[at]! + lengths[at]!;
  }

  listOf(index: number): readonly number[] {
    const list: number[] = [];
    for (let at = this.#starts[index]!; at < this.#starts[index + 1]!; at += 1) list.push(this.#items[at]!);
    return list;
  }
}

/** By function, the number that it has. */
export function decodeSparse(sparse: EncodedSparse): ReadonlyMap<number, number> {
  const [functions, numbers] = [decodeColumn(sparse.functions, sparse.count), decodeColumn(sparse.numbers, sparse.count)];
  const found = new Map<number, number>();
  for (let at = 0; at < sparse.count; at += 1) found.set(functions[at]!, numbers[at]!);
  return found;
}

/** Gives the text of a function. */
export function decodeNames({ names, of }: EncodedNames, count: number): (index: number) => string {
  const places = decodeColumn(of, count);
  return (index) => names[places[index]!]!;
}
