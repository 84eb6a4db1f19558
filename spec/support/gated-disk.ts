import { HandoffError } from '../../lib/base/index.js';
import type { SpillDisk, SpilledBytes } from '../../lib/store/index.js';

interface FakeFile {
  readonly bytes: Uint8Array;
  isDamaged: boolean;
}

/** A disk in memory that a spec can hold, fill and damage. It writes and reads at once (in a promise), or, while it `isHeld`, when a spec lets it. */
export class GatedDisk implements SpillDisk {
  onRoom: () => void = () => {};
  /** The most that it takes, bytes. */
  mostBytes: number;
  /** Whether writes and reads wait for `pass`. */
  isHeld = false;
  /** The sizes of what was written, in order, and of what was read. */
  readonly written: number[] = [];
  readonly read: number[] = [];
  /** How often something was read at once, in the way of the loop. */
  readNow = 0;
  isClosed = false;
  readonly #files = new Set<FakeFile>();
  readonly #readable = new Set<FakeFile>();
  #waiting: (() => void)[] = [];

  constructor(mostBytes = Number.MAX_SAFE_INTEGER) {
    this.mostBytes = mostBytes;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const file of this.#files) bytes += file.bytes.byteLength;
    return bytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.mostBytes - this.usedBytes);
  }

  /** How many values are there. */
  get files(): number {
    return this.#files.size;
  }

  /** Flips a byte of everything that is there. */
  damageAll(): void {
    for (const file of this.#files) file.isDamaged = true;
  }

  /** Lets what waits go on; also what that begins. */
  pass(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }

  write(parts: readonly Uint8Array[]): Promise<SpilledBytes> {
    const bytes = Buffer.concat(parts);
    return this.#gate().then(() => {
      if (bytes.byteLength > this.freeBytes)
        throw new HandoffError('HANDOFF_STORAGE_FAILED', 'Cannot write: it is full', { reason: 'full' });
      const file = { bytes, isDamaged: false };
      this.#files.add(file);
      this.written.push(bytes.byteLength);
      return this.#spilled(file);
    });
  }

  #spilled(file: FakeFile): SpilledBytes {
    const look = (): Uint8Array => {
      const isThere = this.isClosed ? this.#readable.has(file) : this.#files.has(file);
      if (isThere && !file.isDamaged) return Uint8Array.from(file.bytes);
      throw new HandoffError('HANDOFF_STORAGE_FAILED', 'Cannot read: it is damaged', { reason: 'damaged' });
    };
    const { byteLength: sizeBytes } = file.bytes;
    return {
      sizeBytes,
      read: () =>
        this.#gate().then(() => {
          this.read.push(sizeBytes);
          return look() as never;
        }),
      readNow: () => {
        this.readNow += 1;
        return look() as never;
      },
      readRange: (from, to) => this.#gate().then(() => look().subarray(from, to)),
      reader: () => {
        throw new Error('no spec reads it in pieces');
      },
      drop: () => {
        const hadRoom = this.freeBytes > 0;
        this.#files.delete(file);
        if (!hadRoom && this.freeBytes > 0) this.onRoom();
      },
      keepReadable: () => void this.#readable.add(file),
    };
  }

  #gate(): Promise<void> {
    return this.isHeld ? new Promise((goOn) => this.#waiting.push(goOn)) : Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.#files.clear();
    return Promise.resolve();
  }
}
