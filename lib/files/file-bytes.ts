import { type AwayBytes, type ByteReader, memoryOf, type Packed } from '../value/index.js';
import { type FileLoss, type FilePlace, isFileLoss, type PlainPlace, plainPlace } from './file-place.js';
import { fileThread } from './file-thread.js';
import { FileReading } from './read-file.js';
import { fileFailed, storageFailed } from './storage-failed.js';

/** The bytes of a value in a file. */
export class FileBytes implements AwayBytes {
  readonly #place: FilePlace;
  readonly #onLoss: ((loss: FileLoss) => void) | undefined;

  /** `onLoss` is called when they turn out not to be what was written. */
  constructor(place: FilePlace, onLoss?: (loss: FileLoss) => void) {
    this.#place = place;
    this.#onLoss = onLoss;
  }

  get sizeBytes(): number {
    return this.#place.sizeBytes;
  }

  /** A file that has no name any more is found by this process alone. */
  get place(): PlainPlace | undefined {
    const place = this.placeNow();
    return place.descriptor === undefined ? plainPlace(place) : undefined;
  }

  read(): Promise<Packed> {
    return this.readPlace(this.placeNow());
  }

  readNow(): Packed {
    return this.#checked(readAtOnce(this.placeNow()));
  }

  reader(): ByteReader {
    const id = fileThread.newReader();
    let left = this.sizeBytes;
    return {
      read: async (mostBytes) => {
        if (left === 0) return new Uint8Array();
        const bytes = this.#checked(await fileThread.readOn(id, this.placeNow(), mostBytes));
        left = Math.max(0, left - bytes.length);
        return bytes;
      },
      close: () => {
        if (left > 0) fileThread.closeReader(id);
        left = 0;
      },
    };
  }

  /** Where they are now. */
  protected placeNow(): FilePlace {
    return this.#place;
  }

  /** Reads a place of the file. */
  protected async readPlace(place: FilePlace): Promise<Packed> {
    return this.#checked(await fileThread.read(place));
  }

  /** They are not what was written. */
  protected lost(loss: FileLoss): void {
    this.#onLoss?.(loss);
  }

  #checked(read: Uint8Array | FileLoss): Uint8Array {
    if (!isFileLoss(read)) return read;
    this.lost(read);
    const { path } = this.#place;
    throw storageFailed('damaged', `Cannot read ${JSON.stringify(path)}: ${WHY[read]}`, { path });
  }
}

const WHY: Readonly<Record<FileLoss, string>> = {
  missing: 'it is gone',
  short: 'it is shorter than what was written',
  damaged: 'it is not what was written',
};

function readAtOnce(place: FilePlace): Uint8Array | FileLoss {
  try {
    const reading = FileReading.open(place);
    if (typeof reading === 'string') return reading;
    try {
      const bytes = memoryOf(place.sizeBytes);
      return reading.readInto(bytes) ?? bytes;
    } finally {
      reading.close();
    }
  } catch (error) {
    throw fileFailed(`Cannot read ${JSON.stringify(place.path)}`, error);
  }
}
