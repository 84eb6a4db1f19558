import { closeSync, openSync } from 'node:fs';
import { FileBytes, type FileLoss, type FilePlace } from '../../files/index.js';
import type { ByteReader, Packed } from '../../value/index.js';

/** The most files of a process that are open only since a caller may still read a result: it may have no more than some hundred in all. */
const MOST_OPEN = 128;
let open = 0;

const closeOne = (descriptor: number): void => {
  open -= 1;
  closeSync(descriptor);
};
const unneeded = new FinalizationRegistry<number>(closeOne);

/**
 * A large value that was found. Its file is open until it is dropped, or nobody refers to it: it can be read when it has gone from the
 * shelf meanwhile. Where too many are open already, it is lost then.
 */
export class RememberedBytes extends FileBytes {
  #descriptor: number | undefined;
  #reads = 0;
  #isDropped = false;

  private constructor(place: FilePlace, descriptor: number | undefined, onLoss: (loss: FileLoss) => void) {
    super(place, onLoss);
    this.#descriptor = descriptor;
    if (descriptor !== undefined) unneeded.register(this, descriptor, this);
  }

  /** Opens the file. Returns `undefined` if it has gone. */
  static open(place: FilePlace, onLoss: (loss: FileLoss) => void): RememberedBytes | undefined {
    if (process.platform === 'win32' || open >= MOST_OPEN) return new RememberedBytes(place, undefined, onLoss);
    try {
      const descriptor = openSync(place.path, 'r');
      open += 1;
      return new RememberedBytes(place, descriptor, onLoss);
    } catch (error) {
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

  /** Nobody needs it any more. What is being read is read to its end. */
  drop(): void {
    this.#isDropped = true;
    if (this.#reads === 0) this.#close();
  }

  /** It stays open anyway, as long as there are references to it. */
  keepReadable(): void {}

  protected override placeNow(): FilePlace {
    return this.#descriptor === undefined ? super.placeNow() : { ...super.placeNow(), descriptor: this.#descriptor };
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
    if (this.#descriptor === undefined) return;
    unneeded.unregister(this);
    closeOne(this.#descriptor);
    this.#descriptor = undefined;
  }
}
