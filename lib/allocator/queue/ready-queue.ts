// Brain: pure.
import TinyQueue from 'tinyqueue';

/** Fewer new functions go into the heap one by one. So many are sorted at once, so that no turn of the event loop sorts a million. */
const FEWEST_SORTED = 32;
const MOST_SORTED = 4096;

/** Functions that became ready together, in order, from `at` on. */
interface Batch {
  readonly sorted: readonly number[];
  at: number;
}

/**
 * The ready functions of one class, in the run's order. Many that become ready at once, as at the beginning of a run, are sorted together:
 * taking each off a heap of all costs some 25 comparisons.
 */
export class ReadyQueue {
  readonly #compare: (a: number, b: number) => number;
  #fresh: number[] = [];
  readonly #heap: TinyQueue<number>;
  /** The batches, ordered by their first functions. Made for the first of them. */
  #batches: TinyQueue<Batch> | undefined;
  #length = 0;
  /**
   * Withdrawn functions that are still in a batch or the heap: looking for each would be quadratic when a run of thousands is cancelled.
   */
  #gone: Set<number> | undefined;
  /** All present functions; tracked from the first withdrawal on. */
  #there: Set<number> | undefined;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
    this.#heap = new TinyQueue<number>([], compare);
  }

  get length(): number {
    return this.#length;
  }

  push(index: number): void {
    this.#there?.add(index);
    this.#length += 1;
    if (this.#gone?.delete(index)) return;
    if (this.#fresh.push(index) === MOST_SORTED) this.#settle();
  }

  /** Returns the first one. There must be one. */
  peek(): number {
    this.#settle();
    this.#dropGone();
    return this.#first!;
  }

  /** Takes the first one off. There must be one. */
  pop(): number {
    this.#settle();
    this.#dropGone();
    const first = this.#take();
    this.#there?.delete(first);
    this.#length -= 1;
    return first;
  }

  /** Withdraws a function, if it is there. */
  remove(index: number): void {
    this.#there ??= new Set([
      ...this.#fresh,
      ...this.#heap.data,
      ...(this.#batches?.data ?? []).flatMap(({ sorted, at }) => sorted.slice(at)),
    ]);
    if (!this.#there.delete(index)) return;
    this.#gone ??= new Set();
    this.#gone.add(index);
    this.#length -= 1;
  }

  get #first(): number | undefined {
    const batch = this.#batches?.peek();
    return batch && !this.#isHeapFirst(batch) ? batch.sorted[batch.at] : this.#heap.peek();
  }

  #take(): number {
    const batches = this.#batches;
    const batch = batches?.peek();
    if (!batches || !batch || this.#isHeapFirst(batch)) return this.#heap.pop()!;
    const first = batch.sorted[batch.at]!;
    if (batches.length > 1) batches.pop();
    batch.at += 1;
    if (batch.at === batch.sorted.length) {
      if (batches.peek() === batch) batches.pop();
    } else if (batches.peek() !== batch) batches.push(batch);
    return first;
  }

  #isHeapFirst({ sorted, at }: Batch): boolean {
    return this.#heap.length > 0 && this.#compare(this.#heap.peek()!, sorted[at]!) < 0;
  }

  #settle(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    if (fresh.length < FEWEST_SORTED) {
      for (const index of fresh) this.#heap.push(index);
      // Most of the time a single function is ready.
      fresh.length = 0;
      return;
    }
    this.#batches ??= new TinyQueue<Batch>([], (one, other) => this.#compare(one.sorted[one.at]!, other.sorted[other.at]!));
    this.#batches.push({ sorted: fresh.sort(this.#compare), at: 0 });
    this.#fresh = [];
  }

  #dropGone(): void {
    const gone = this.#gone;
    while (gone && gone.size > 0 && gone.has(this.#first!)) gone.delete(this.#take());
  }
}
