import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, HandoffError, Logger, Timer } from '../../base/index.js';
import { type FileLoss, fileFailed, fileThread, isStorageFailed, LimitedWork, storageFailed } from '../../files/index.js';
import type { SpillDisk, SpilledBytes } from '../spill-disk.js';
import { SpillFile } from './spill-file.js';
import { SpillFolder } from './spill-folder.js';
import { type SpillParent, spillParent } from './spill-parent.js';
import { type SpillRefusal, SpillRoom } from './spill-room.js';
import { SpilledValue } from './spilled-value.js';

/** From this size on a value has a file of its own, bytes. */
const OWN_FILE_BYTES = 1 << 20;
/** A file of several values takes no more of them from this size on, bytes: it stays until the last of them has gone. */
const SHARED_FILE_BYTES = 8 << 20;
/** So much is written to find out whether the disk takes values again, at most. */
const PROBE_BYTES = 1 << 20;
/** How long to wait before the disk is asked again, ms. */
const ASKED_EVERY_MS = 1000;
/** So much of what is free at the start may be used if no bound is given. */
const FREE_SHARE = 0.9;

/**
 * Opens the place for values that the memory has no room for: in the `DataDir`, which this node has locked, or in the system's folder for
 * temporary files. Nothing is made there before the first value comes. What nodes that are gone have left there is deleted meanwhile.
 * Never rejects: a disk that takes nothing refuses each value.
 */
export async function openSpillDisk({ dataDirPath, limitBytes, logger, clock }: SpillDiskOptions): Promise<SpillDisk> {
  const parent = await spillParent(dataDirPath);
  return new DiskSpill(parent, limitBytes ?? (await freeShare(parent.path)), logger, clock);
}

/** Without an answer the disk itself says when it is full. */
const freeShare = (path: string): Promise<number> => freeOn(path).catch(() => Number.MAX_SAFE_INTEGER);

async function freeOn(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor(bavail * bsize * FREE_SHARE);
}

/** Whether a file, or its folder, is gone. */
const isMissing = (error: unknown): boolean => (error as { cause?: NodeJS.ErrnoException }).cause?.code === 'ENOENT';

class DiskSpill implements SpillDisk {
  onRoom: () => void = () => {};
  readonly #room: SpillRoom;
  readonly #parent: SpillParent;
  readonly #folder: SpillFolder;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #sweep: Promise<void>;
  /** Everything that reads or writes. How much of it goes on at once is the thread's business. */
  readonly #work = new LimitedWork(Number.POSITIVE_INFINITY);
  /** Files that must stay until the process ends. */
  readonly #left = new Set<SpillFile>();
  readonly #reported = new WeakSet<SpillFile>();
  /** The file that takes the next small values. */
  #shared: SpillFile | undefined;
  #files = 0;
  #isAsking = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parent: SpillParent, limitBytes: number, logger: Logger, clock: Clock) {
    this.#room = new SpillRoom(limitBytes);
    this.#parent = parent;
    this.#folder = new SpillFolder(parent);
    this.#logger = logger;
    this.#clock = clock;
    this.#sweep = parent.sweep();
  }

  get usedBytes(): number {
    return this.#room.usedBytes;
  }

  get freeBytes(): number {
    return this.#isClosed ? 0 : this.#room.freeBytes;
  }

  async write(parts: readonly Uint8Array[]): Promise<SpilledBytes> {
    if (this.#isClosed) throw storageFailed('not-writable', 'Cannot spill a value: the node has ended');
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
    const refused = this.#room.take(sizeBytes);
    if (refused) {
      const error = storageFailed(refused.refusal, this.#whyNot(refused.refusal, sizeBytes));
      if (refused.isNews) this.#warn(error);
      throw error;
    }
    return this.#work.run(async () => {
      try {
        return await this.#writeToFolder(parts, sizeBytes);
      } catch (error) {
        this.#give(sizeBytes);
        throw this.#refused(error, sizeBytes);
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Files that outlive the node must not keep its values.
    this.onRoom = () => {};
    this.#timer?.cancel();
    await this.#sweep;
    await this.#work.idle();
    this.#shared?.end();
    await this.#folder.remove([...this.#left].map(({ path }) => path));
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#work.run(work);
  }

  removed(file: SpillFile): void {
    this.#left.delete(file);
    this.#give(file.bytes);
  }

  leave(file: SpillFile): void {
    this.#left.add(file);
  }

  lost(file: SpillFile, loss: FileLoss): void {
    if (this.#reported.has(file)) return;
    this.#reported.add(file);
    this.#logger.warn({ path: file.path, loss }, 'a spilled value is not whole: it counts as lost');
  }

  /** Writes a value. If the folder was deleted it is made anew, once. */
  async #writeToFolder(parts: readonly Uint8Array[], sizeBytes: number): Promise<SpilledBytes> {
    const folder = await this.#folder.make();
    try {
      return await this.#writeTo(folder, parts, sizeBytes);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.#folder.look(folder);
      return this.#writeTo(await this.#folder.make(), parts, sizeBytes);
    }
  }

  async #writeTo(folder: string, parts: readonly Uint8Array[], sizeBytes: number): Promise<SpilledBytes> {
    const file = this.#fileFor(folder, sizeBytes);
    const at = file.place(sizeBytes);
    try {
      const stamp = await fileThread.write(file.path, parts, { kind: 'blocks', at: file.isShared ? at : undefined });
      file.written();
      return new SpilledValue(file, at, stamp, this);
    } catch (error) {
      file.failed(sizeBytes);
      throw error;
    }
  }

  #fileFor(folder: string, sizeBytes: number): SpillFile {
    const isShared = sizeBytes < OWN_FILE_BYTES;
    const shared = this.#shared;
    if (isShared && shared) {
      if (dirname(shared.path) === folder && shared.hasRoom(sizeBytes, SHARED_FILE_BYTES)) return shared;
      shared.end();
    }
    this.#files += 1;
    const file = new SpillFile(join(folder, `${this.#files}`), isShared, this);
    if (isShared) this.#shared = file;
    return file;
  }

  /** Bytes of files are free again. */
  #give(sizeBytes: number): void {
    if (this.#room.give(sizeBytes)) this.onRoom();
    if (this.#room.refusal) void this.#ask();
  }

  #refused(error: unknown, sizeBytes: number): HandoffError {
    const failed = isStorageFailed(error) ? error : fileFailed('Cannot spill a value', error);
    const refusal: SpillRefusal = failed.reason === 'full' ? 'full' : 'not-writable';
    if (this.#room.refuse(refusal, sizeBytes)) this.#warn(failed);
    this.#askLater();
    return refusal === failed.reason ? failed : storageFailed(refusal, failed.message, { cause: failed });
  }

  #askLater(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ASKED_EVERY_MS, () => void this.#ask());
  }

  /** Looks whether the disk takes values again: by writing one. */
  async #ask(): Promise<void> {
    if (this.#isAsking || this.#isClosed) return;
    this.#isAsking = true;
    const isTaken = await this.#work.run(() => this.#probe()).catch(() => false);
    this.#isAsking = false;
    if (this.#isClosed) return;
    if (!isTaken) return this.#askLater();
    this.#timer?.cancel();
    this.#room.accept();
    this.#logger.info({ freeBytes: this.freeBytes }, 'the disk takes values again');
    this.onRoom();
  }

  async #probe(): Promise<boolean> {
    const { refusal, refusedBytes } = this.#room;
    if (refusal === 'full' && (await freeOn(this.#parent.path)) < refusedBytes) return false;
    const folder = await this.#folder.make();
    this.#files += 1;
    const path = join(folder, `${this.#files}.probe`);
    try {
      await fileThread.write(path, [new Uint8Array(Math.min(refusedBytes, PROBE_BYTES))], { kind: 'blocks' });
    } catch (error) {
      if (isMissing(error)) await this.#folder.look(folder);
      throw error;
    }
    await fileThread.remove(path);
    return true;
  }

  #whyNot(refusal: SpillRefusal, sizeBytes: number): string {
    const intent = `Cannot spill a value of ${sizeBytes} bytes`;
    if (this.#room.refusal) return `${intent}: the disk ${refusal === 'full' ? 'is full' : 'cannot be written'}`;
    return `${intent}: ${this.#room.usedBytes} of at most ${this.#room.limitBytes} bytes on the disk are taken`;
  }

  #warn(error: HandoffError): void {
    const path = this.#folder.path ?? this.#parent.path;
    this.#logger.warn({ path, reason: error.reason, err: error }, 'no further values are spilled for now: they stay in memory');
  }
}

/** Options of the place for spilled values. */
export interface SpillDiskOptions {
  /** The folder of a `DataDir` that this node has locked. Without one a folder of the system's temporary ones is used. */
  readonly dataDirPath?: string | undefined;
  /** The most that values may take there, bytes. Default: 0.9 of what is free now. */
  readonly limitBytes?: number | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}
