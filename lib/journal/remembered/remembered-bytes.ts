import { closeSync, linkSync, openSync } from 'node:fs';
import { FileBytes, type FileLoss, type FilePlace, fileThread } from '../../files/index.js';
import type { ByteReader, Packed } from '../../value/index.js';

/** The most files of a process that are open only since a caller may still read a result: it may have no more than some hundred in all. */
const MOST_OPEN = 128;
let open = 0;

/** What keeps the bytes: the open file, or another name of it. */
type Kept = { readonly descriptor: number } | { readonly path: string };

function letGo(kept: Kept): void {
  if ('path' in kept) {
    // What cannot be deleted now goes at the next start.
    fileThread.remove(kept.path).catch(() => {});
    return;
  }
  open -= 1;
  closeSync(kept.descriptor);
}
const unneeded = new FinalizationRegistry<Kept>(letGo);

/**
 * A large value that was found. Its file is open until it is dropped, or nobody refers to it: it can be read when it has gone from the
 * shelf meanwhile. Where too many are open already, or on Windows, its file has another name as long.
 */
export class RememberedBytes extends FileBytes {
  #kept: Kept | undefined;
  #reads = 0;
  #isDropped = false;

  private constructor(place: FilePlace, kept: Kept | undefined, onLoss: (loss: FileLoss) => void) {
    super(place, onLoss);
    this.#kept = kept;
    if (kept !== undefined) unneeded.register(this, kept, this);
  }

  /** Opens the file, or gives it another name, `otherPath`. Returns `undefined` if it has gone. */
  static open(place: FilePlace, otherPath: () => string, onLoss: (loss: FileLoss) => void): RememberedBytes | undefined {
    try {
      return new RememberedBytes(place, keep(place.path, otherPath), onLoss);
    } catch (error) {
      // A file system may know no second names: the file is lost when it goes from the shelf.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : new RememberedBytes(place, undefined, onLoss);
    }
  }

  override read(): Promise<Packed> {
    return this.#reading(() => super.read());
  }

  override reader(): ByteReader {
    const reader = super.reader();
    let isOpen = true;
    this.#reads += 1;
    let left = this.sizeBytes;
    const end = (): void => {
      if (isOpen) this.#ended();
      isOpen = false;
    };
    return {
      read: async (mostBytes) => {
        const bytes = await reader.read(mostBytes);
        left -= bytes.length;
        if (left <= 0) end();
        return bytes;
      },
      close: () => {
        reader.close();
        end();
      },
    };
  }

  hold(): () => void {
    this.#reads += 1;
    return () => this.#ended();
  }

  /** Nobody needs it any more. What is being read is read to its end. */
  drop(): void {
    this.#isDropped = true;
    if (this.#reads === 0) this.#close();
  }

  /** It stays open anyway, as long as there are references to it. */
  keepReadable(): void {}

  protected override placeNow(): FilePlace {
    return { ...super.placeNow(), ...this.#kept };
  }

  #reading<T>(read: () => Promise<T>): Promise<T> {
    this.#reads += 1;
    return read().finally(() => this.#ended());
  }

  #ended(): void {
    this.#reads -= 1;
    if (this.#isDropped && this.#reads === 0) this.#close();
  }

  #close(): void {
    if (this.#kept === undefined) return;
    unneeded.unregister(this);
    letGo(this.#kept);
    this.#kept = undefined;
  }
}

function keep(path: string, otherPath: () => string): Kept {
  if (process.platform !== 'win32' && open < MOST_OPEN) {
    const descriptor = openSync(path, 'r');
    open += 1;
    return { descriptor };
  }
  const other = otherPath();
  linkSync(path, other);
  return { path: other };
}
