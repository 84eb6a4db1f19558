import { closeSync, openSync } from 'node:fs';
import { fileThread } from '../../files/index.js';

/** The most files of a process that are open only so that they can be read until its end: it may have no more than some hundred in all. */
const MOST_KEPT_OPEN = 128;
let keptOpen = 0;

/** A file of spilled values, deleted when nobody needs any of them. */
export class SpillFile {
  readonly path: string;
  /** Whether it has several values. */
  readonly isShared: boolean;
  readonly #folder: FilesOfFolder;
  #bytes = 0;
  /** Where the next value begins. */
  #end = 0;
  /** Values in it that are needed, and reads and writes under way. */
  #uses = 0;
  /** Writes under way. */
  #writes = 0;
  #descriptor: number | undefined;
  #isOpen: boolean;
  /** Whether its name is deleted, or will be when all that is under way is written. */
  #isUnlinked = false;
  #isLeft = false;

  constructor(path: string, isShared: boolean, folder: FilesOfFolder) {
    this.path = path;
    this.isShared = isShared;
    this.#folder = folder;
    this.#isOpen = isShared;
  }

  /** The bytes that its values take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a further value may be written to it. */
  hasRoom(sizeBytes: number, mostBytes: number): boolean {
    return this.#isOpen && this.#end + sizeBytes <= mostBytes;
  }

  /** The file, if it stays readable without a name. */
  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Whether it must stay in its folder until the process ends. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** Takes a place for a value, which uses the file from now on. Returns where it begins. */
  place(sizeBytes: number): number {
    const at = this.#end;
    this.#end += sizeBytes;
    this.#bytes += sizeBytes;
    this.#uses += 1;
    this.#writes += 1;
    return at;
  }

  /** The value of a place is written. */
  written(): void {
    this.#writes -= 1;
    if (this.#writes > 0 || this.#isOpen) return;
    if (this.isShared) fileThread.endFile(this.path);
    if (this.#isUnlinked) void this.#unlink();
  }

  /** The value of a place could not be written. The file takes no further ones. */
  failed(sizeBytes: number): void {
    this.#bytes -= sizeBytes;
    this.end();
    this.written();
    this.release();
  }

  /** Takes no further values. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#writes === 0) fileThread.endFile(this.path);
  }

  use(): void {
    this.#uses += 1;
  }

  /** A use has ended. */
  release(): void {
    this.#uses -= 1;
    if (this.#uses > 0) return;
    this.end();
    this.#closeKept();
    if (this.#isUnlinked) this.#folder.removed(this);
    else void this.#unlink().then(() => this.#folder.removed(this));
  }

  /**
   * Opens the file and deletes its name: it can be read until the process ends. Where that cannot be done, as there are too many of them
   * or the system is Windows, it stays in its folder as long.
   */
  keepReadable(): void {
    if (this.#descriptor !== undefined || this.#isLeft) return;
    this.end();
    this.#descriptor = this.#openKept();
    if (this.#descriptor === undefined) {
      this.#isLeft = true;
      return;
    }
    this.#isUnlinked = true;
    if (this.#writes === 0) void this.#unlink();
  }

  #openKept(): number | undefined {
    if (process.platform === 'win32' || keptOpen >= MOST_KEPT_OPEN) return undefined;
    try {
      const descriptor = openSync(this.path, 'r');
      keptOpen += 1;
      return descriptor;
    } catch {
      return undefined;
    }
  }

  #closeKept(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    keptOpen -= 1;
    this.#descriptor = undefined;
  }

  /** Deletes the name of the file. Where that fails, it goes with its folder. */
  #unlink(): Promise<void> {
    return this.#folder.during(() => fileThread.remove(this.path)).catch(() => {});
  }
}

/** What a file tells of itself. */
export interface FilesOfFolder {
  /** Something is read, written or deleted until the promise settles. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** The bytes of a file are free again. */
  removed(file: SpillFile): void;
}
