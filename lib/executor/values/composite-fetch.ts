import { HandoffError } from '../../base/index.js';
import { StoredValue } from '../../value/index.js';
import type { ValueListener } from './offers.js';
import { badPage, type PartsPage } from './parts-page.js';
import { isComposite, isRemote, type RemoteComposite, type RemoteValue } from './remote-value.js';

/** How many parts are fetched at a time. What is put together itself counts as several: it fetches as many again. */
const AT_ONCE = 32;
const NESTED_COUNTS = 4;

/** How much is fetched at a time, unless a single part is larger, bytes. */
const BYTES_AT_ONCE = 32 * 1024 * 1024;

/** The next page is requested when at most this many parts are waiting to be fetched. */
const MOST_WAITING = 1000;

/** How deep composites may stand in each other: expansions do a hundred times at most, with a map in the last one. */
const MOST_LEVELS = 200;

/** The most parts: the longest array. */
const MOST_PARTS = 2 ** 32 - 1;

/**
 * Puts an array or a record together where it is needed: asks the driver for one page of its parts after the other, and fetches those that
 * are elsewhere from the nodes that have them, some at a time. Parts that are composites themselves are put together in the same way.
 *
 * It ends with the value; or with the first fault, and then everything that is on its way is given up. If a part is lost, the error is
 * `HANDOFF_RESULT_LOST` with the part's `functionId`, so that only its function runs again.
 */
export class CompositeFetch {
  readonly #far: RemoteComposite;
  readonly #via: string | undefined;
  readonly #deps: CompositeFetchDeps;
  readonly #listener: ValueListener;
  /** The ids of the composites around this one. */
  readonly #around: readonly string[];
  readonly #parts: StoredValue[] = [];
  #keys: string[] | undefined;
  /** The number of all parts, once it is known. */
  #total: number | undefined;
  /** Parts of the pages that have come, which are to be fetched. The first ones have been. */
  #waiting: { readonly place: number; readonly far: RemoteValue }[] = [];
  #next = 0;
  #isAsking = false;
  /** How many parts are on their way, and their bytes. */
  #underWay = 0;
  #bytesUnderWay = 0;
  readonly #giveUps = new Set<() => void>();
  #isBusy = false;
  #isOver = false;

  constructor(
    far: RemoteComposite,
    via: string | undefined,
    deps: CompositeFetchDeps,
    listener: ValueListener,
    around: readonly string[] = [],
  ) {
    this.#far = far;
    this.#via = via;
    this.#deps = deps;
    this.#listener = listener;
    this.#around = around;
  }

  /** Begins. The listener may be called before this returns. */
  start(): void {
    const { functionId } = this.#far.value;
    // A node that makes a value of itself would be asked for ever.
    if (this.#around.includes(functionId)) return this.#fail(this.#bad('it is a part of itself'));
    if (this.#around.length > MOST_LEVELS) return this.#fail(this.#bad('it is nested too deeply'));
    this.#goOn();
  }

  /** Gives everything up that is on its way. The listener is not called any more. */
  giveUp(): void {
    this.#isOver = true;
    this.#waiting = [];
    for (const giveUp of [...this.#giveUps]) giveUp();
    this.#giveUps.clear();
  }

  /** Asks and fetches as much as it may. What comes at once is taken up by the loop, not by calls in each other. */
  #goOn(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isOver && (this.#fetchNext() || this.#askNext()));
    this.#isBusy = false;
    if (this.#isOver || this.#isAsking || this.#underWay > 0 || this.#parts.length !== this.#total) return;
    this.#isOver = true;
    this.#listener.found(StoredValue.ofParts(this.#parts, this.#keys));
  }

  /** Returns whether there was something to do. */
  #askNext(): boolean {
    const first = this.#parts.length;
    if (this.#isAsking || first === this.#total || this.#waiting.length - this.#next > MOST_WAITING) return false;
    this.#isAsking = true;
    this.#begin((over) => {
      const answered = (): void => {
        over();
        this.#isAsking = false;
      };
      return this.#deps.page(this.#far, first, this.#via, {
        found: (page) => {
          answered();
          const fault = this.#take(page);
          if (fault !== undefined) this.#fail(this.#bad(fault));
          else this.#goOn();
        },
        missing: (error) => {
          answered();
          this.#fail(error ?? this.#lost(this.#far, undefined));
        },
      });
    });
    return true;
  }

  /** Takes the parts of a page up. Returns what is wrong with it, if anything. */
  #take({ total, keys, parts }: PartsPage): string | undefined {
    const first = this.#parts.length;
    if (this.#total !== undefined && total !== this.#total) return `it had ${this.#total} parts, now ${total}`;
    if (total > MOST_PARTS) return `it cannot have ${total} parts`;
    if (first + parts.length > total) return `it has ${total} parts, not ${first + parts.length}`;
    if (parts.length === 0 && total > 0) return 'the page is empty';
    if (first > 0 && (keys === undefined) !== (this.#keys === undefined)) return 'it is an array and a record';
    this.#total = total;
    if (keys) {
      this.#keys ??= [];
      for (const key of keys) this.#keys.push(key);
    }
    for (const part of parts) {
      const place = this.#parts.length;
      const here = part === undefined ? StoredValue.nothing : isRemote(part) ? this.#deps.held(part) : part;
      // What is not here takes the place of what will be.
      this.#parts.push(here ?? StoredValue.nothing);
      if (!here) this.#waiting.push({ place, far: part as RemoteValue });
    }
    return undefined;
  }

  /** Returns whether there was something to do. */
  #fetchNext(): boolean {
    const next = this.#waiting[this.#next];
    if (!next) return false;
    const { far, place } = next;
    const counts = isComposite(far) ? NESTED_COUNTS : 1;
    const sizeBytes = isComposite(far) ? 0 : far.sizeBytes;
    const isFull = this.#underWay + counts > AT_ONCE || this.#bytesUnderWay + sizeBytes > BYTES_AT_ONCE;
    if (isFull && this.#underWay > 0) return false;
    this.#next += 1;
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    this.#underWay += counts;
    this.#bytesUnderWay += sizeBytes;
    this.#fetch(far, (held) => {
      this.#underWay -= counts;
      this.#bytesUnderWay -= sizeBytes;
      this.#parts[place] = held;
      this.#goOn();
    });
    return true;
  }

  #fetch(far: RemoteValue, found: (held: StoredValue) => void): void {
    // The driver may still reach a node that this node cannot.
    const isDirect = this.#deps.reaches(far.from);
    this.#begin((over) => {
      const listener: ValueListener = {
        found: (held) => {
          over();
          found(held);
        },
        missing: (error) => {
          over();
          if (isDirect && !this.#deps.reaches(far.from)) return this.#fetch(far, found);
          const isLost = !error || HandoffError.is(error, 'HANDOFF_RESULT_LOST');
          this.#fail(isLost && !isComposite(far) ? this.#lost(far, error) : (error ?? this.#lost(far, undefined)));
        },
      };
      if (!isComposite(far)) return this.#deps.fetch(far, this.#via, listener);
      const nested = new CompositeFetch(far, this.#via, this.#deps, listener, [...this.#around, this.#far.value.functionId]);
      nested.start();
      return () => nested.giveUp();
    });
  }

  /** Begins something that can be given up until it is over. It may be over before it returns. */
  #begin(begin: (over: () => void) => () => void): void {
    let isOver = false;
    let giveUp: (() => void) | undefined;
    const over = (): void => {
      isOver = true;
      if (giveUp) this.#giveUps.delete(giveUp);
    };
    giveUp = begin(over);
    if (isOver) return;
    if (this.#isOver) giveUp();
    else this.#giveUps.add(giveUp);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.giveUp();
    this.#listener.missing(error);
  }

  /** `far`: the part that is lost, or this value itself if its driver does not have it. */
  #lost(far: RemoteValue, cause: Error | undefined): HandoffError {
    const { functionId } = this.#far.value;
    const part = 'functionId' in far.value ? far.value.functionId : functionId;
    const what = far === this.#far ? `node "${far.from}" has none` : `the value of "${part}" is lost with node "${far.from}"`;
    const message = `Node "${this.#deps.node}" cannot put the value of "${functionId}" together: ${what}`;
    return new HandoffError('HANDOFF_RESULT_LOST', message, { functionId: part, node: far.from, ...(cause && { cause }) });
  }

  #bad(why: string): HandoffError {
    const { functionId } = this.#far.value;
    const { message } = badPage(why);
    return new HandoffError('HANDOFF_BAD_MESSAGE', `${message}, of the value of "${functionId}"`, { functionId, node: this.#far.from });
  }
}

/** Receives a page. */
export interface PageListener {
  found(page: PartsPage): void;
  /** `undefined` means that there is no such value. */
  missing(error: Error | undefined): void;
}

/** What putting values together needs. */
export interface CompositeFetchDeps {
  readonly node: string;
  /** Returns a value if it is here. */
  held(far: RemoteValue): StoredValue | undefined;
  /** Whether there is a direct way to a node. */
  reaches(node: string): boolean;
  /** Fetches a value that is no composite. Returns a function that gives up. */
  fetch(far: RemoteValue, via: string | undefined, listener: ValueListener): () => void;
  /** Asks for the parts from `first` on. Returns a function that gives up. */
  page(far: RemoteComposite, first: number, via: string | undefined, listener: PageListener): () => void;
}
