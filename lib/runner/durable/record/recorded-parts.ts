import type { PlanRecord } from '../../../dag/index.js';
import type { GrownEntry } from './grown-entry.js';
import { RecordedSuccesses } from './recorded-successes.js';
import type { ToleratedFailure } from './records.js';

/** A failure of a function without which the run went on, with the epoch in which that was. */
export interface HeldFailure extends ToleratedFailure {
  readonly epoch: number;
}

/** What the record has of one map or expansion: the numbers of its elements or functions, from `start` on, among those of all parts. */
export interface RecordedComposite {
  readonly start: number;
  readonly total: number;
  /** Of an expansion: what each function of its DAG is, and which of them make its record. */
  readonly plan: PlanRecord | undefined;
  readonly sinks: number[];
}

/**
 * What the record of a run has of the functions that it added, over all its epochs. In each epoch they have other numbers; here a function
 * keeps its own, by the place in its map, or by its id in the DAG of its expansion. As a map or expansion may be a part itself, it is named
 * by its number in the plan of the DAG, or by `~part` for a part.
 */
export class RecordedParts {
  readonly successes: RecordedSuccesses;
  /** By part that failed last, the failure, if the run went on without the function. */
  readonly failed = new Map<number, HeldFailure | undefined>();
  #size = 0;
  #composites = new Map<number, RecordedComposite>();
  /** Where the numbers of this epoch lie. */
  #ranges: EpochRange[] = [];
  /** The range in which the last number was. */
  #last: EpochRange | undefined;

  /** `withTimes`: whether the times of successes are kept. */
  constructor(withTimes: boolean) {
    this.successes = new RecordedSuccesses(0, withTimes);
  }

  /** Returns what is recorded of a map or expansion. */
  of(composite: number): RecordedComposite | undefined {
    return this.#composites.get(composite);
  }

  /** All that are recorded. */
  get all(): Iterable<RecordedComposite> {
    return this.#composites.values();
  }

  /** The maps and expansions of the DAG itself and, as `~part`, those among parts. */
  get composites(): ReadonlyMap<number, RecordedComposite> {
    return this.#composites;
  }

  /** From now on the numbers are those of another epoch. */
  beginEpoch(): void {
    this.#ranges = [];
    this.#last = undefined;
  }

  /** The functions of the DAG have other numbers; by new one the former number, or -1. */
  renumber(size: number, formerOf: (number: number) => number): void {
    if (this.#composites.size === 0) return;
    const before = this.#composites;
    this.#composites = new Map([...before].filter(([composite]) => composite < 0));
    for (let number = 0; number < size; number += 1) {
      const known = before.get(formerOf(number));
      if (known && formerOf(number) >= 0) this.#composites.set(number, known);
    }
  }

  /**
   * Functions were added by function `by`, a function of the DAG or `~part`. Those whose beginning is missing count as not recorded. Throws
   * `RangeError` for numbers that cannot be right.
   */
  add(by: number, { from, count, first, total, insides }: GrownEntry): void {
    const last = this.#ranges.at(-1);
    if (last && from < last.to) {
      const same = this.#rangeOf(from);
      if (same?.from === from && same.to === from + count) return;
      throw new RangeError('Cannot read what a run has added: numbers are used twice');
    }
    let known = this.#composites.get(by);
    const isNew = insides ? insides.plan !== undefined : known?.total !== total || known.plan !== undefined;
    if (first === 0 && isNew) known = this.#begin(by, total, insides?.plan, known);
    if (!known || known.total !== total || (insides !== undefined) !== (known.plan !== undefined)) return;
    if (first === 0) known.sinks.length = 0;
    if (insides) known.sinks.push(...insides.sinks);
    this.#ranges.push({ from, to: from + count, start: known.start, first, numbers: insides?.numbers });
  }

  /** Returns the part that has a number in this epoch, or -1. */
  partAt(number: number): number {
    const range = this.#last && number >= this.#last.from && number < this.#last.to ? this.#last : this.#rangeOf(number);
    if (!range) return -1;
    this.#last = range;
    const place = number - range.from;
    return range.start + (range.numbers ? range.numbers[place]! : range.first + place);
  }

  #rangeOf(number: number): EpochRange | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.to <= number) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low];
    return range && number >= range.from ? range : undefined;
  }

  #begin(by: number, total: number, plan: PlanRecord | undefined, before: RecordedComposite | undefined): RecordedComposite {
    const composite: RecordedComposite = { start: this.#size, total, plan, sinks: [] };
    this.#size += total;
    this.successes.grow(this.#size);
    this.#composites.set(by, composite);
    if (plan && before?.plan) this.#moveByIds(before.plan, before.start, plan, composite.start);
    return composite;
  }

  /** An expansion has given another DAG. What is recorded of functions stays theirs. */
  #moveByIds(before: PlanRecord, startBefore: number, plan: PlanRecord, start: number): void {
    const formerOf = formerNumbers(before.ids, plan.ids);
    for (let number = 0; number < plan.size; number += 1) {
      const former = formerOf(number);
      if (former < 0 || former >= before.size) continue;
      const [from, to] = [startBefore + former, start + number];
      this.successes.move(from, to);
      if (this.failed.has(from)) this.failed.set(to, this.failed.get(from));
      const composite = this.#composites.get(~from);
      if (composite) this.#composites.set(~to, composite);
    }
  }
}

/** Some numbers of an epoch, and which parts they are. */
interface EpochRange {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly first: number;
  readonly numbers: readonly number[] | undefined;
}

/** Returns for a number of now the former number of that id, or -1. */
export function formerNumbers(before: readonly string[], now: readonly string[]): (number: number) => number {
  let positions: Map<string, number> | undefined;
  return (number) => {
    const id = now[number]!;
    // Usually nothing has moved, and no look-up is needed.
    if (before[number] === id) return number;
    positions ??= new Map(before.map((one, at) => [one, at]));
    return positions.get(id) ?? -1;
  };
}
