import type { FileDigest } from './file-digest.js';

/** Where bytes lie that were written, and how they are checked. */
export interface FilePlace {
  readonly path: string;
  /** The file, if it is open in this process: it is read although it may have no name any more. */
  readonly descriptor?: number | undefined;
  /** Where in the file they begin; `undefined` if they are all of it. */
  readonly at?: number | undefined;
  readonly sizeBytes: number;
  readonly digest: FileDigest;
}

/** The same as plain data, for other threads and processes. Messages between them may have no views but bytes. */
export interface PlainPlace extends Omit<FilePlace, 'descriptor' | 'digest'> {
  readonly digest: Uint8Array;
  /** Whether the digest is of blocks. */
  readonly isOfBlocks: boolean;
}

/** Makes a place plain. */
export const plainPlace = ({ path, at, sizeBytes, digest }: FilePlace): PlainPlace => ({
  ...{ path, at, sizeBytes, isOfBlocks: digest instanceof Uint32Array },
  digest: new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength).slice(),
});

/** Returns the place that was made plain. */
export function placeOfPlain({ digest, isOfBlocks, ...place }: PlainPlace): FilePlace {
  const bytes = digest.slice();
  return { ...place, digest: isOfBlocks ? new Uint32Array(bytes.buffer) : bytes };
}

/** What was written: how long it is, and its digest. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly digest: FileDigest;
}

/** Why what was written cannot be read: no file, one that is too short, or other bytes. */
export type FileLoss = 'missing' | 'short' | 'damaged';

/** Whether it is why something cannot be read, and not its bytes. */
export const isFileLoss = (read: Uint8Array | FileLoss): read is FileLoss => typeof read === 'string';
