// Brain: pure.
import type { ClaimQueueClient } from './claim-class.js';
import { ReadyQueue } from './ready-queue.js';
import { bandIn, compareFirst } from './urgency.js';

/** The ready functions whose remaining paths are about equal. */
interface Band {
  readonly band: number;
  readonly ready: ReadyQueue;
}

/**
 * The ready functions of one class, by bands of their remaining paths. Within a band the run's order never changes. Between bands it does:
 * the less there is left to do, the more bands are urgent. So it is decided where the first function is asked for, between the first ones
 * of the bands; mostly there is one.
 */
export class BandedQueue {
  readonly #client: ClaimQueueClient;
  readonly #compare = (a: number, b: number): number => this.#client.compare(a, b);
  /** Those that have functions. */
  readonly #bands: Band[] = [];
  /** A queue without functions, for the next band. */
  #spare: ReadyQueue | undefined;
  #length = 0;
  /** The band of the first function, as long as nothing comes or goes. It is asked for several times in each pass. */
  #known: { readonly urgentBand: number; readonly first: Band } | undefined;

  constructor(client: ClaimQueueClient) {
    this.#client = client;
  }

  get length(): number {
    return this.#length;
  }

  push(index: number): void {
    this.#length += 1;
    this.#known = undefined;
    const band = bandIn(this.#client, index);
    for (const one of this.#bands) if (one.band === band) return one.ready.push(index);
    const ready = this.#spare ?? new ReadyQueue(this.#compare);
    this.#spare = undefined;
    this.#bands.push({ band, ready });
    ready.push(index);
  }

  /** Returns the first one, where bands from `urgentBand` on are urgent. There must be one. */
  peek(urgentBand: number): number {
    return this.#first(urgentBand).ready.peek();
  }

  /** Takes the first one off. There must be one. */
  pop(urgentBand: number): number {
    const first = this.#first(urgentBand);
    const index = first.ready.pop();
    this.#length -= 1;
    this.#known = undefined;
    this.#keep(first);
    return index;
  }

  /** Withdraws a function, if it is there. */
  remove(index: number): void {
    const band = bandIn(this.#client, index);
    const its = this.#bands.find((one) => one.band === band);
    if (!its) return;
    this.#known = undefined;
    const before = its.ready.length;
    its.ready.remove(index);
    this.#length -= before - its.ready.length;
    this.#keep(its);
  }

  #first(urgentBand: number): Band {
    const bands = this.#bands;
    let first = bands[0]!;
    if (bands.length === 1) return first;
    if (this.#known?.urgentBand === urgentBand) return this.#known.first;
    for (let at = 1; at < bands.length; at += 1) {
      const other = bands[at]!;
      if (compareFirst(this.#client, urgentBand, other.ready.peek(), first.ready.peek()) < 0) first = other;
    }
    this.#known = { urgentBand, first };
    return first;
  }

  /** A band without functions gives its queue to the next one. */
  #keep(one: Band): void {
    if (one.ready.length > 0) return;
    this.#spare = one.ready;
    const last = this.#bands.pop()!;
    if (last !== one) this.#bands[this.#bands.indexOf(one)] = last;
  }
}
