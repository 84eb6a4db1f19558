import { blocksAround, FileBytes, type FileLoss, type FilePlace, type FileStamp } from '../../files/index.js';
import type { ByteReader, Packed } from '../../value/index.js';
import type { SpilledBytes } from '../spill-disk.js';
import type { SpillFile } from './spill-file.js';

/** What a value needs of the disk that it is on. */
export interface SpillReads {
  /** Something is read until the promise settles. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** A file must stay in its folder until the process ends. */
  leave(file: SpillFile): void;
  /** A value is not what was written. */
  lost(file: SpillFile, loss: FileLoss): void;
}

/** Values that only a caller may still read: nobody drops them. Once nobody refers to one, its file is not needed for it. */
const unread = new FinalizationRegistry<SpillFile>((file) => file.release());

/** A value in a file of its own, or in one with others. Its file stays while it is read, also if it is dropped meanwhile. */
export class SpilledValue extends FileBytes implements SpilledBytes {
  readonly #file: SpillFile;
  readonly #disk: SpillReads;
  #isDropped = false;
  #isKept = false;

  constructor(file: SpillFile, at: number, { sizeBytes, digest }: FileStamp, disk: SpillReads) {
    super({ path: file.path, at: file.isShared ? at : undefined, sizeBytes, digest });
    this.#file = file;
    this.#disk = disk;
  }

  override read(): Promise<Packed> {
    return this.#reading(() => super.read());
  }

  /** Reads these of its bytes. Only the blocks that they lie in are read and checked. */
  readRange(from: number, to: number): Promise<Uint8Array> {
    return this.#reading(async () => {
      const { place, begin } = blocksAround(this.placeNow(), from, to);
      const bytes = await this.readPlace(place);
      return from === begin && to === begin + bytes.length ? bytes : bytes.slice(from - begin, to - begin);
    });
  }

  override reader(): ByteReader {
    const reader = super.reader();
    let left = this.#isDropped ? 0 : this.sizeBytes;
    if (left > 0) this.#file.use();
    const end = (): void => {
      if (left > 0) this.#file.release();
      left = 0;
    };
    return {
      read: (mostBytes) =>
        this.#reading(async () => {
          const bytes = await reader.read(mostBytes);
          if (left > bytes.length) left -= bytes.length;
          else end();
          return bytes;
        }),
      close: () => {
        reader.close();
        end();
      },
    };
  }

  hold(): () => void {
    if (this.#isDropped) return () => {};
    this.#file.use();
    return () => this.#file.release();
  }

  drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    unread.unregister(this);
    this.#file.release();
  }

  keepReadable(): void {
    if (this.#isDropped || this.#isKept) return;
    this.#isKept = true;
    unread.register(this, this.#file, this);
    this.#file.keepReadable();
    if (this.#file.isLeft) this.#disk.leave(this.#file);
  }

  protected override placeNow(): FilePlace {
    const place = super.placeNow();
    const { descriptor } = this.#file;
    return descriptor === undefined ? place : { ...place, descriptor };
  }

  protected override lost(loss: FileLoss): void {
    if (!this.#isDropped) this.#disk.lost(this.#file, loss);
  }

  #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isDropped) return this.#disk.during(read);
    this.#file.use();
    return this.#disk.during(read).finally(() => this.#file.release());
  }
}
