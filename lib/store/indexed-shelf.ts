import { countLarge, type StoredValue } from '../value/index.js';
import type { ValueShelf } from './store.js';

const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/** The functions of a run: their number may grow. */
export interface IndexedIds {
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/**
 * The values of a run by the number of their function, in this process's memory; those of inputs by id. A run of a million puts and reads
 * each value once for each consumer: a table of a million strings is outside every cache. Its pages come and go with their values.
 */
export class IndexedShelf implements ValueShelf {
  #of: IndexedIds;
  readonly #pages: (Page | undefined)[] = [];
  /** Made for the first of them: most runs have none. */
  #others: Map<string, StoredValue> | undefined;
  #sizeBytes = 0;
  #ofFunctions = 0;
  /** The number of a page without values. One is kept: a value that is dropped as soon as it is there would make its page each time. */
  #emptied: number | undefined;

  constructor(of: IndexedIds) {
    this.#of = of;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** How many values there are. */
  get count(): number {
    return this.#ofFunctions + (this.#others?.size ?? 0);
  }

  /** The run has ended: its ids are kept, and not the rest of its plan. */
  forgetPlan(): void {
    const { ids, indexOf } = this.#of;
    this.#of = { ids, indexOf };
  }

  /** Returns the value of the function with that number. */
  at(index: number): StoredValue | undefined {
    return this.#pages[index >>> PAGE_BITS]?.values[index & (PAGE - 1)];
  }

  /** Stores the value of a function. Returns the one that it replaces. */
  putAt(index: number, value: StoredValue): StoredValue | undefined {
    const number = index >>> PAGE_BITS;
    const { length } = this.#pages;
    for (let missing = length; missing < number; missing += 1) this.#pages.push(undefined);
    let page = this.#pages[number];
    if (!page) {
      page = { values: [], count: 0 };
      this.#pages[number] = page;
    }
    const { values } = page;
    const place = index & (PAGE - 1);
    // Without holes.
    while (values.length < place) values.push(undefined);
    const before = values[place];
    values[place] = value;
    if (before) this.#sizeBytes -= before.sizeBytes;
    else {
      page.count += 1;
      this.#ofFunctions += 1;
    }
    this.#sizeBytes += value.sizeBytes;
    return before;
  }

  /** Deletes the value of a function. Returns it. */
  deleteAt(index: number): StoredValue | undefined {
    const number = index >>> PAGE_BITS;
    const page = this.#pages[number];
    const value = page?.values[index & (PAGE - 1)];
    if (!page || !value) return undefined;
    page.values[index & (PAGE - 1)] = undefined;
    page.count -= 1;
    this.#ofFunctions -= 1;
    if (page.count === 0 && this.#emptied !== number) {
      if (this.#emptied !== undefined && this.#pages[this.#emptied]?.count === 0) this.#pages[this.#emptied] = undefined;
      this.#emptied = number;
    }
    this.#sizeBytes -= value.sizeBytes;
    countLarge(value.sizeBytes);
    return value;
  }

  put(id: string, value: StoredValue): void {
    const index = this.#of.indexOf.get(id);
    if (index !== undefined) return void this.putAt(index, value);
    this.#others ??= new Map();
    this.#sizeBytes += value.sizeBytes - (this.#others.get(id)?.sizeBytes ?? 0);
    this.#others.set(id, value);
  }

  get(id: string): StoredValue | undefined {
    const index = this.#of.indexOf.get(id);
    return index === undefined ? this.#others?.get(id) : this.at(index);
  }

  delete(id: string): void {
    const index = this.#of.indexOf.get(id);
    if (index !== undefined) return void this.deleteAt(index);
    const value = this.#others?.get(id);
    if (!value) return;
    this.#others!.delete(id);
    this.#sizeBytes -= value.sizeBytes;
    countLarge(value.sizeBytes);
  }

  *ids(): Generator<string, void, void> {
    const { ids } = this.#of;
    for (const [number, page] of this.#pages.entries()) {
      if (!page) continue;
      for (const [place, value] of page.values.entries()) if (value) yield ids[number * PAGE + place]!;
    }
    if (this.#others) yield* this.#others.keys();
  }
}

/** The values of so many functions that follow each other. */
interface Page {
  readonly values: (StoredValue | undefined)[];
  count: number;
}
