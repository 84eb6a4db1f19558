// Brain: pure.

/** Over this part of the bound values begin to go; they stop at the lower one. */
const HIGH_WATER = 0.8;
const LOW_WATER = 0.7;

/** So many of the oldest values are looked at for one that the disk has room for. */
const MOST_LOOKS = 64;

/**
 * Where a value is: in memory, on its way to the disk, on the disk alone, on its way back, or nowhere. On its way it takes memory.
 */
export type EntryPlace = 'here' | 'going' | 'away' | 'coming' | 'lost';

/** What the budget knows of a value. */
export class BudgetEntry {
  readonly sizeBytes: number;
  /** Whether it waits for a sole user, which is likely to come soon. */
  isSole: boolean;
  place: EntryPlace = 'here';
  /** Whether a file has its bytes too, so that the memory can be freed at once. */
  isClean = false;
  /** Whether it may leave the memory. */
  mayGo = true;
  /** How many need it in memory now. */
  uses = 0;
  /** Its place among those that may go now, the least recently used first. */
  line: EntryLine | undefined = undefined;
  older: BudgetEntry | undefined = undefined;
  newer: BudgetEntry | undefined = undefined;

  constructor(sizeBytes: number, isSole: boolean) {
    this.sizeBytes = sizeBytes;
    this.isSole = isSole;
  }
}

/** Entries in the order of their last use. */
class EntryLine {
  oldest: BudgetEntry | undefined;
  newest: BudgetEntry | undefined;
  bytes = 0;

  add(entry: BudgetEntry): void {
    entry.line = this;
    entry.older = this.newest;
    if (this.newest) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
    this.bytes += entry.sizeBytes;
  }

  remove(entry: BudgetEntry): void {
    const { older, newer } = entry;
    if (older) older.newer = newer;
    else this.oldest = newer;
    if (newer) newer.older = older;
    else this.newest = older;
    entry.line = undefined;
    entry.older = undefined;
    entry.newer = undefined;
    this.bytes -= entry.sizeBytes;
  }
}

/**
 * Decides which values leave the memory. Those with a file go first, as it costs nothing; then the least recently used; those that wait for
 * a sole user last. What is in use stays. All calls take constant time.
 */
export class MemoryBudget {
  readonly #clean = new EntryLine();
  readonly #shared = new EntryLine();
  readonly #sole = new EntryLine();
  #memoryBytes = 0;
  #goingBytes = 0;
  #isLowering = false;

  /** Bytes of the values in memory, also of those on their way. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Bytes of the values on their way to the disk. */
  get goingBytes(): number {
    return this.#goingBytes;
  }

  /** Bytes in memory that may go as soon as the disk takes them. */
  get dirtyBytes(): number {
    return this.#shared.bytes + this.#sole.bytes;
  }

  /** Bytes in memory that may go at once. */
  get cleanBytes(): number {
    return this.#clean.bytes;
  }

  /** A value is there: in memory, or away. */
  add(entry: BudgetEntry): void {
    if (isInMemory(entry)) this.#memoryBytes += entry.sizeBytes;
    this.#line(entry);
  }

  /** The value is not needed any more. */
  remove(entry: BudgetEntry): void {
    this.#unline(entry);
    if (isInMemory(entry)) this.#memoryBytes -= entry.sizeBytes;
    if (entry.place === 'going') this.#goingBytes -= entry.sizeBytes;
    // An attempt that still uses it says later that the use is over.
    entry.place = 'lost';
  }

  /** The value is in use from now on. */
  use(entry: BudgetEntry): void {
    entry.uses += 1;
    this.#unline(entry);
  }

  /** The use is over: it is the most recently used one now. */
  endUse(entry: BudgetEntry): void {
    entry.uses -= 1;
    this.#line(entry);
  }

  /** The value has been looked at. */
  touch(entry: BudgetEntry): void {
    if (!entry.line) return;
    this.#unline(entry);
    this.#line(entry);
  }

  /** A file has the value's bytes too. */
  filed(entry: BudgetEntry): void {
    entry.isClean = true;
    if (!entry.line) return;
    this.#unline(entry);
    this.#line(entry);
  }

  /**
   * Returns the next value to leave the memory, if it must be lowered: it is `going` then, or `away` at once if it has a file. `otherBytes`
   * is memory that counts besides; the disk has room for `freeBytes`.
   */
  next(limitBytes: number, otherBytes: number, freeBytes: number): BudgetEntry | undefined {
    const bytes = this.#memoryBytes + otherBytes - this.#goingBytes;
    if (bytes <= limitBytes * LOW_WATER) this.#isLowering = false;
    else if (bytes > limitBytes * HIGH_WATER) this.#isLowering = true;
    if (!this.#isLowering) return undefined;
    const entry = this.#clean.oldest ?? fitting(this.#shared, freeBytes) ?? fitting(this.#sole, freeBytes);
    if (!entry) return undefined;
    this.#unline(entry);
    if (entry.isClean) this.#move(entry, 'away');
    else this.#move(entry, 'going');
    return entry;
  }

  /** A value has been written: it is away, unless it is in use again. */
  written(entry: BudgetEntry): void {
    entry.isClean = true;
    this.#move(entry, entry.uses > 0 ? 'here' : 'away');
  }

  /** A value has not been written. If it `cannot` be, it stays for good. */
  stays(entry: BudgetEntry, cannot: boolean): void {
    if (cannot) entry.mayGo = false;
    this.#move(entry, 'here');
  }

  /** A value that is away is being read. */
  comes(entry: BudgetEntry): void {
    this.#move(entry, 'coming');
  }

  /** It is in memory again, beside its file. */
  came(entry: BudgetEntry): void {
    this.#move(entry, 'here');
  }

  /** It cannot be read. */
  lost(entry: BudgetEntry): void {
    this.#move(entry, 'lost');
  }

  #move(entry: BudgetEntry, place: EntryPlace): void {
    this.#unline(entry);
    const wasInMemory = isInMemory(entry);
    if (entry.place === 'going') this.#goingBytes -= entry.sizeBytes;
    entry.place = place;
    if (place === 'going') this.#goingBytes += entry.sizeBytes;
    if (wasInMemory !== isInMemory(entry)) this.#memoryBytes += wasInMemory ? -entry.sizeBytes : entry.sizeBytes;
    this.#line(entry);
  }

  #line(entry: BudgetEntry): void {
    if (entry.place !== 'here' || entry.uses > 0 || !(entry.mayGo || entry.isClean)) return;
    if (!entry.line) (entry.isClean ? this.#clean : entry.isSole ? this.#sole : this.#shared).add(entry);
  }

  #unline(entry: BudgetEntry): void {
    entry.line?.remove(entry);
  }
}

const isInMemory = ({ place }: BudgetEntry): boolean => place === 'here' || place === 'going' || place === 'coming';

/** Returns the oldest entry that the disk has room for, of the first few. */
function fitting(line: EntryLine, freeBytes: number): BudgetEntry | undefined {
  let entry = line.oldest;
  for (let look = 0; entry && entry.sizeBytes > freeBytes; look += 1) entry = look < MOST_LOOKS ? entry.newer : undefined;
  return entry;
}
