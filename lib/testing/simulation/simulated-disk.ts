import type { Clock } from '../../base/index.js';
import { storageFailed } from '../../files/index.js';
import type { SpillDisk, SpilledBytes } from '../../store/index.js';
import type { ByteReader, Packed } from '../../value/index.js';

/** How long the disk takes for a value, virtual ms, and for each KiB of it; and how often it takes the longer time. */
const QUICK_MS = 2;
const SLOW_MS = 1500;
const SLOW_SHARE = 0.03;
const KIB_MS = 0.01;

/** How often a harmed disk is full from one write on, and how long at most, virtual ms; and how often it damages what it is given. */
const FULL_SHARE = 0.02;
const FULL_MS = 4000;
const DAMAGED_SHARE = 0.005;

/**
 * The disk of a node in a simulation: values are kept in memory, and it takes virtual time. One that is harmed is full now and then, and
 * damages a value once in a while.
 */
export class SimulatedDisk implements SpillDisk {
  onRoom: () => void = () => {};
  readonly #of: SimulatedDiskOptions;
  #usedBytes = 0;
  #isFull = false;
  /** The least that it has refused, since it had room last; 0 if nothing. */
  #refusedBytes = 0;
  #working = 0;
  #idle: (() => void)[] = [];
  #isClosing = false;
  #isClosed = false;

  constructor(of: SimulatedDiskOptions) {
    this.#of = of;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get freeBytes(): number {
    return this.#isFull || this.#isClosing ? 0 : Math.max(0, this.#of.mostBytes - this.#usedBytes);
  }

  async write(parts: readonly Uint8Array[]): Promise<SpilledBytes> {
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (this.#isClosing) throw storageFailed('not-writable', 'Cannot spill a value: the node has ended');
    if (this.#chance(FULL_SHARE)) this.#fill();
    if (sizeBytes > this.freeBytes) {
      this.#refusedBytes = Math.min(this.#refusedBytes || sizeBytes, sizeBytes);
      throw storageFailed('full', 'Cannot spill a value: the disk of the simulation is full');
    }
    this.#usedBytes += sizeBytes;
    await this.#takeTime(sizeBytes);
    const written = new SimulatedFile(new Uint8Array(Buffer.concat(parts)), this.#chance(DAMAGED_SHARE), () => this.#isClosed);
    return {
      sizeBytes,
      read: () => this.#read(() => written.all()),
      readNow: () => written.all(),
      readRange: (from, to) => this.#read(() => written.all().slice(from, to)),
      reader: () => {
        // What is dropped meanwhile is read on.
        const opened = written.opened();
        return readerOf((from, to) => this.#read(() => opened().slice(from, to)));
      },
      keepReadable: () => written.keep(),
      drop: () => {
        if (!written.drop()) return;
        this.#usedBytes -= sizeBytes;
        this.#tellRoom();
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#working > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#isClosed = true;
  }

  async #read(find: () => Packed): Promise<Packed> {
    await this.#takeTime(0);
    return find();
  }

  #fill(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#of.clock.after(this.#of.random() * FULL_MS, () => {
      this.#isFull = false;
      this.#tellRoom();
    });
  }

  #tellRoom(): void {
    if (this.#refusedBytes === 0 || this.freeBytes < this.#refusedBytes) return;
    this.#refusedBytes = 0;
    this.onRoom();
  }

  #chance(probability: number): boolean {
    return this.#of.isHarmed && this.#of.random() < probability;
  }

  async #takeTime(sizeBytes: number): Promise<void> {
    const { clock, random } = this.#of;
    const longestMs = random() < SLOW_SHARE ? SLOW_MS : QUICK_MS;
    this.#working += 1;
    await new Promise<void>((resolve) => void clock.after(random() * longestMs + (sizeBytes / 1024) * KIB_MS, resolve));
    this.#working -= 1;
    if (this.#working === 0) for (const told of this.#idle.splice(0)) told();
  }
}

/** A value on the disk of a simulation. */
class SimulatedFile {
  readonly #bytes: Packed;
  readonly #isDamaged: boolean;
  readonly #isGone: () => boolean;
  #isKept = false;
  #isDropped = false;

  constructor(bytes: Packed, isDamaged: boolean, isGone: () => boolean) {
    this.#bytes = bytes;
    this.#isDamaged = isDamaged;
    this.#isGone = isGone;
  }

  /** Returns the bytes, in memory of their own. */
  all(): Packed {
    if (this.#isDamaged) throw storageFailed('damaged', 'Cannot read a value: the disk of the simulation has damaged it');
    if (this.#isDropped || (this.#isGone() && !this.#isKept)) throw storageFailed('damaged', 'Cannot read a value: it is gone');
    return this.#bytes.slice();
  }

  /** Returns what reads the bytes as they are now, whatever happens to them. */
  opened(): () => Packed {
    try {
      const bytes = this.all();
      return () => bytes;
    } catch {
      return () => this.all();
    }
  }

  keep(): void {
    this.#isKept = !this.#isGone();
  }

  /** Returns whether it has been there. */
  drop(): boolean {
    if (this.#isDropped) return false;
    this.#isDropped = true;
    return true;
  }
}

function readerOf(readRange: (from: number, to: number) => Promise<Uint8Array>): ByteReader {
  let at = 0;
  return {
    read(mostBytes) {
      at += mostBytes;
      return readRange(at - mostBytes, at);
    },
    close: () => {},
  };
}

/** How the disk of a node is. */
export interface SimulatedDiskOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly isHarmed: boolean;
  /** The most that values may take on it. */
  readonly mostBytes: number;
}
