import TinyQueue from 'tinyqueue';

/** Fewer than so many new ones go into the heap one by one. */
const SORTED_FROM = 32;

/** So do new ones that are few beside what is sorted already: sorting all of them anew for each handful would be quadratic. */
const SORTED_PART = 4;

/**
 * The functions of one kind that are ready, the first in the run's order first. Many that become ready at once are sorted in one go, as the beginning of a run makes
 * them: taking each off a heap costs some 25 comparisons; few go through a heap beside them.
 */
export class ReadyQueue {
  readonly #compare: (a: number, b: number) => number;
  #fresh: number[] = [];
  #sorted: number[] = [];
  #at = 0;
  readonly #heap: TinyQueue<number>;
  /** Taken back, but still somewhere above: looking for each would be quadratic where a run of thousands is cancelled. */
  readonly #gone = new Set<number>();
  /** All that are there, from the first that was taken back on. */
  #there: Set<number> | undefined;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
    this.#heap = new TinyQueue<number>([], compare);
  }

  get length(): number {
    return this.#fresh.length + this.#sorted.length - this.#at + this.#heap.length - this.#gone.size;
  }

  push(index: number): void {
    this.#there?.add(index);
    if (!this.#gone.delete(index)) this.#fresh.push(index);
  }

  /** The first. There must be one. */
  peek(): number {
    this.#settle();
    return this.#first;
  }

  /** Takes the first off. There must be one. */
  pop(): number {
    this.#settle();
    const first = this.#take();
    this.#there?.delete(first);
    return first;
  }

  /** Takes one back, if it is there. */
  remove(index: number): void {
    this.#there ??= new Set([...this.#fresh, ...this.#sorted.slice(this.#at), ...this.#heap.data]);
    if (this.#there.delete(index)) this.#gone.add(index);
  }

  get #first(): number {
    return this.#isHeapFirst() ? this.#heap.peek()! : this.#sorted[this.#at]!;
  }

  #take(): number {
    if (this.#isHeapFirst()) return this.#heap.pop()!;
    this.#at += 1;
    return this.#sorted[this.#at - 1]!;
  }

  #isHeapFirst(): boolean {
    if (this.#heap.length === 0) return false;
    return this.#at === this.#sorted.length || this.#compare(this.#heap.peek()!, this.#sorted[this.#at]!) < 0;
  }

  #settle(): void {
    if (this.#fresh.length > 0) this.#sort();
    while (this.#gone.size > 0 && this.#gone.has(this.#first)) this.#gone.delete(this.#take());
  }

  #sort(): void {
    const { length } = this.#fresh;
    const left = this.#sorted.length - this.#at;
    if (length < SORTED_FROM || length < left / SORTED_PART) for (const index of this.#fresh) this.#heap.push(index);
    else {
      this.#sorted = (left === 0 ? this.#fresh : this.#sorted.slice(this.#at).concat(this.#fresh)).sort(this.#compare);
      this.#at = 0;
    }
    this.#fresh = [];
  }
}
