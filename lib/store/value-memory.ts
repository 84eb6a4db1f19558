import { type Clock, HandoffError, textOf } from '../base/index.js';
import { type AwayBytes, countLarge, MOVABLE_BYTES, type StoredValue, type ValueEntry } from '../value/index.js';
import { MemoryBudget } from './memory-budget.js';
import { awayIn, dropFile, errorOf, type HereListener, isSpilled, MemoryEntry, readUnowned } from './memory-entry.js';
import type { SpillDisk } from './spill-disk.js';

/** So many values, and bytes of them, are handed to the disk at a time, unless a single one is larger. */
const MOST_WRITES = 64;
const MOST_WRITTEN_BYTES = 64 * 1024 * 1024;

/** After packing as much on the event loop, the next value is packed in another turn, bytes. */
const PACKED_IN_TURN_BYTES = 64 * 1024;

/** How long a disk that has refused a value is not asked again, unless it says that it has room, ms. */
const REFUSED_MS = 1000;

/** The bytes of a value up to this size go with its attempt or its message, so it always fits, bytes. */
const ALWAYS_FITS_BYTES = 64 * 1024;

/**
 * The memory of a node's values: which of them are in it, which are on the disk, and who needs them. It lets them go when there is too
 * little memory, and brings them back. Only values that may move have an entry here; small ones only count.
 */
export class ValueMemory {
  readonly #budget = new MemoryBudget();
  readonly #of: MemoryOf;
  /** Bytes of values with an entry, once for each owner. */
  #ownedBytes = 0;
  /** What else takes memory, when that was last asked. */
  #otherBytes = 0;
  #writes = 0;
  /** Whether the disk has refused a value, and has not had room again. */
  #isRefused = false;
  /** Whether the next value to pack waits for another turn. */
  #isResting = false;
  #isClosed = false;
  #hasLostAny = false;

  constructor(of: MemoryOf) {
    this.#of = of;
    of.disk.onRoom = () => this.#hasRoom();
  }

  /** Bytes that all owners' values take in memory, of `totalBytes`, which counts each of them once for each owner. */
  memoryBytes(totalBytes: number): number {
    this.#otherBytes = totalBytes - this.#ownedBytes;
    return this.#otherBytes + this.#budget.memoryBytes;
  }

  /** Whether values are on their way to the disk, now that all have been sent that can be: waiting helps. */
  get isSpilling(): boolean {
    this.settle();
    return this.#budget.goingBytes > 0 || this.#isResting;
  }

  /** Whether there is room for one more value, if all that may go goes. One that replaces as much always fits, and so does a small one. */
  fits(sizeBytes: number, releasedBytes: number, totalBytes: number): boolean {
    if (sizeBytes <= ALWAYS_FITS_BYTES || sizeBytes <= releasedBytes) return true;
    const { goingBytes, dirtyBytes, cleanBytes } = this.#budget;
    const stays = this.memoryBytes(totalBytes) - goingBytes - dirtyBytes - cleanBytes;
    const left = Math.max(0, this.#of.limitBytes() - stays);
    return dirtyBytes + sizeBytes <= left + this.#freeBytes;
  }

  get #freeBytes(): number {
    return this.#isRefused ? 0 : this.#of.disk.freeBytes;
  }

  /** One more owner has the value, under the name `id`. `isSole`: it waits for a single user. */
  own(value: StoredValue, id: string, isSole = false): void {
    if (value.sizeBytes < MOVABLE_BYTES || value.isLost) return;
    const parts = value.movableParts;
    if (parts) {
      for (const part of parts) this.own(part, id, isSole);
      return;
    }
    const entry = this.#entryOf(value) ?? this.#add(value, id, isSole);
    entry.owners += 1;
    if (entry.owners > 1) entry.isSole = false;
    this.#ownedBytes += value.sizeBytes;
    if (this.#budget.memoryBytes + this.#otherBytes > this.#of.limitBytes() / 2) this.settle();
  }

  #add(value: StoredValue, id: string, isSole: boolean): MemoryEntry {
    const entry = new MemoryEntry(this, value, id, isSole);
    value.entry = entry;
    const { away } = value;
    if (away) {
      entry.file = away;
      entry.isClean = true;
      entry.place = 'away';
    } else entry.mayGo = this.#of.freeze || (value.isPacked && !value.isHeldInParts);
    this.#budget.add(entry);
    return entry;
  }

  /** One owner fewer has the value. After the last one its file is dropped. */
  disown(value: StoredValue): void {
    if (value.sizeBytes < MOVABLE_BYTES) return;
    const parts = value.movableParts;
    if (parts) {
      for (const part of parts) this.disown(part);
      return;
    }
    const entry = this.#entryOf(value);
    if (!entry) return;
    this.#ownedBytes -= value.sizeBytes;
    entry.owners -= 1;
    if (entry.owners > 0) return;
    if (entry.place === 'coming') return;
    this.#forget(entry);
  }

  #forget(entry: MemoryEntry): void {
    this.#budget.remove(entry);
    entry.value.entry = undefined;
    dropFile(entry.file);
  }

  #entryOf({ entry }: StoredValue): MemoryEntry | undefined {
    return entry instanceof MemoryEntry && entry.memory === this ? entry : undefined;
  }

  /** A file has the bytes of the value, beside the memory. */
  filed(value: StoredValue, file: AwayBytes): void {
    const entry = this.#entryOf(value);
    if (!entry || entry.file || entry.place !== 'here') return;
    entry.file = file;
    this.#budget.filed(entry);
  }

  use(entry: MemoryEntry): void {
    this.#budget.use(entry);
  }

  endUse(entry: MemoryEntry): void {
    this.#budget.endUse(entry);
    entry.value.forgetPacked();
    if (entry.uses === 0 && this.#budget.memoryBytes + this.#otherBytes > this.#of.limitBytes() / 2) this.settle();
  }

  /** Lets values go until there is memory enough, as far as the disk takes them. */
  settle(): void {
    const { limitBytes, totalBytes, disk } = this.#of;
    this.#otherBytes = totalBytes() - this.#ownedBytes;
    while (!this.#isClosed && !this.#isResting && this.#writes < MOST_WRITES && this.#budget.goingBytes < MOST_WRITTEN_BYTES) {
      const entry = this.#budget.next(limitBytes(), this.#otherBytes, this.#isRefused ? -1 : disk.freeBytes);
      if (!(entry instanceof MemoryEntry)) return;
      if (entry.place === 'away') this.#isAway(entry);
      else this.#write(entry);
    }
  }

  #write(entry: MemoryEntry): void {
    const { value } = entry;
    let parts: readonly Uint8Array[];
    try {
      if (!value.isPacked && value.sizeBytes > PACKED_IN_TURN_BYTES) this.#rest();
      parts = value.toParts('result');
    } catch {
      // It cannot leave this thread: it stays.
      return this.#budget.stays(entry, true);
    }
    this.#writes += 1;
    this.#of.disk.write(parts).then(
      (file) => {
        this.#writes -= 1;
        if (value.entry !== entry) return file.drop();
        if (this.#isClosed) {
          file.drop();
          return this.#budget.stays(entry, false);
        }
        entry.file = file;
        this.#budget.written(entry);
        if (entry.place === 'away') this.#isAway(entry);
        this.settle();
      },
      () => {
        this.#writes -= 1;
        if (value.entry === entry) this.#budget.stays(entry, false);
        this.#refused();
      },
    );
  }

  /** The disk has not taken a value. It is asked again when it says so, and from time to time. */
  #refused(): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#of.clock.after(REFUSED_MS, () => this.#hasRoom());
  }

  #hasRoom(): void {
    this.#isRefused = false;
    this.settle();
  }

  /** Gives the loop a turn. */
  #rest(): void {
    this.#isResting = true;
    this.#of.clock.after(0, () => {
      this.#isResting = false;
      this.settle();
    });
  }

  #isAway(entry: MemoryEntry): void {
    entry.value.goAway(entry.file!);
    countLarge(entry.sizeBytes);
  }

  /**
   * Brings a value into memory, with all that it is put together of, and calls `here` or `lost` once: now, if it is there. It stays there
   * as long as the call takes. Each is read once at a time, for all that wait for it.
   */
  whenHere(value: StoredValue, listener: HereListener): void {
    const away = awayIn(value);
    if (away.length === 0) return listener.here();
    let missing = away.length;
    const used: ValueEntry[] = [];
    let lost: Error | undefined;
    const settled = (): void => {
      missing -= 1;
      if (missing > 0) return;
      if (lost) listener.lost(lost);
      else listener.here();
      for (const entry of used) entry.endUse();
    };
    for (const one of away) {
      this.#read(one, {
        here: () => {
          one.entry?.use();
          if (one.entry) used.push(one.entry);
          settled();
        },
        lost: (error) => {
          lost ??= error;
          settled();
        },
      });
    }
  }

  #read(value: StoredValue, listener: HereListener): void {
    if (value.isLost) return listener.lost(errorOf(value));
    const entry = this.#entryOf(value);
    if (!entry) return readUnowned(value, listener);
    if (entry.place === 'here') return listener.here();
    entry.waiting ??= [];
    entry.waiting.push(listener);
    if (entry.place === 'coming') return;
    this.#budget.comes(entry);
    entry.file!.read().then(
      (packed) => {
        // It may have been read at once meanwhile.
        if (value.isAway) value.comeBack(packed);
        if (entry.place === 'coming') this.#came(entry);
      },
      (error: unknown) => {
        if (value.isAway) this.cannotRead(entry, error);
      },
    );
  }

  /** For an entry whose value is in memory again. */
  cameBack(entry: MemoryEntry): void {
    if (entry.place === 'away') this.#budget.comes(entry);
    this.#came(entry);
  }

  #came(entry: MemoryEntry): void {
    const { waiting } = entry;
    entry.waiting = undefined;
    this.#budget.came(entry);
    entry.use();
    for (const { here } of waiting ?? []) here();
    entry.endUse();
    if (entry.owners === 0) this.#forget(entry);
    this.settle();
  }

  /** For an entry whose value cannot be read: it is lost. What reads its file has logged it. */
  cannotRead(entry: MemoryEntry, cause: unknown): Error {
    const { value, id, waiting, place } = entry;
    if (place !== 'away' && place !== 'coming') return cause instanceof Error ? cause : new Error(textOf(cause));
    const error = new HandoffError('HANDOFF_RESULT_LOST', `Cannot read the value of "${id}" from the disk: ${textOf(cause)}`, {
      functionId: id,
      node: this.#of.node,
      cause,
    });
    value.lose(error);
    entry.waiting = undefined;
    this.#budget.lost(entry);
    this.#hasLostAny = true;
    for (const { lost } of waiting ?? []) lost(error);
    if (entry.owners === 0) this.#forget(entry);
    return error;
  }

  /** Whether a part of what was put together is lost. */
  hasLost(whole: StoredValue): boolean {
    return this.#hasLostAny && awayIn(whole).some(({ isLost }) => isLost);
  }

  /** The value is needed beyond the store: its file can be read until the end of the process. */
  keepReadable(value: StoredValue): void {
    for (const part of value.movableParts ?? []) this.keepReadable(part);
    const entry = this.#entryOf(value);
    const isNeeded = entry?.place === 'away' || entry?.place === 'coming';
    if (isNeeded && isSpilled(entry.file!)) entry.file.keepReadable();
  }

  /** Nothing goes any more. */
  close(): void {
    this.#isClosed = true;
  }
}

/** What the memory of a node's values is made of. */
export interface MemoryOf {
  readonly node: string;
  readonly disk: SpillDisk;
  readonly clock: Clock;
  /** Whether values are frozen on this node. Live ones that are not could change while they are away. */
  readonly freeze: boolean;
  /** How much memory there is for values. */
  readonly limitBytes: () => number;
  /** Returns the bytes of all values, once for each owner. */
  readonly totalBytes: () => number;
}
