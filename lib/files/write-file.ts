import { closeSync, fstatSync, fsync, ftruncateSync, openSync, unlinkSync, write, writeSync } from 'node:fs';
import { type DigestKind, type RunningDigest, runningDigest } from './file-digest.js';
import type { FileStamp } from './file-place.js';

/** The user of a file alone may read and write it. */
export const FILE_MODE = 0o600;
/** So much is hashed and written at once, bytes: it is still in the processor's cache when it is written. */
const CHUNK_BYTES = 512 * 1024;
/** So much is written in one call while its digest is taken, bytes. */
const LARGE_CHUNK_BYTES = 1 << 20;

/** Writes bytes to a file, some after another. Throws errors of the system. */
export class FileWriting {
  readonly #path: string;
  readonly #file: number;
  /** Where the bytes go in a file that has others too. */
  readonly #at: number | undefined;
  readonly #digest: RunningDigest;
  #sizeBytes = 0;

  private constructor(path: string, file: number, at: number | undefined, kind: DigestKind) {
    this.#path = path;
    this.#file = file;
    this.#at = at;
    this.#digest = runningDigest(kind);
  }

  /** Makes a file of its own for what follows. There must be none of the name. */
  static open(path: string, kind: DigestKind): FileWriting {
    return new FileWriting(path, openSync(path, 'wx', FILE_MODE), undefined, kind);
  }

  /** Writes what follows at a place of a file that is open, and stays so. */
  static into(path: string, file: number, at: number, kind: DigestKind): FileWriting {
    return new FileWriting(path, file, at, kind);
  }

  /** Writes more. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      this.#digest.update(chunk);
      for (let done = 0; done < chunk.length; ) done += writeSync(this.#file, chunk, done, chunk.length - done, this.#end + done);
      this.#sizeBytes += chunk.length;
    }
  }

  /** The same without blocking the thread: the digest is taken while the system writes. */
  async addLarge(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += LARGE_CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + LARGE_CHUNK_BYTES);
      const writing = writeAll(this.#file, chunk, this.#end);
      this.#digest.update(chunk);
      await writing;
      this.#sizeBytes += chunk.length;
    }
  }

  /** Has the system put on the disk what was written so far. Does not block the thread. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => fsync(this.#file, (error) => (error ? reject(error) : resolve())));
  }

  /** Where in the file the next bytes go. */
  get #end(): number {
    return (this.#at ?? 0) + this.#sizeBytes;
  }

  /** Ends it. */
  finish(): FileStamp {
    refuseDeleted(this.#file, this.#path);
    if (this.#at === undefined) closeSync(this.#file);
    return { sizeBytes: this.#sizeBytes, digest: this.#digest.finish() };
  }

  /** Undoes it. */
  abort(): void {
    if (this.#at !== undefined) {
      attempt(() => ftruncateSync(this.#file, this.#at));
      return;
    }
    attempt(() => closeSync(this.#file));
    attempt(() => unlinkSync(this.#path));
  }
}

async function writeAll(file: number, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await new Promise<number>((resolve, reject) =>
      write(file, bytes, done, bytes.length - done, at + done, (error, count) => (error ? reject(error) : resolve(count))),
    );
  }
}

/** Writing into a deleted file is no error for the system. */
function refuseDeleted(file: number, path: string): void {
  if (fstatSync(file).nlink === 0) throw Object.assign(new Error(`ENOENT: the file was deleted meanwhile, '${path}'`), { code: 'ENOENT' });
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // There is nothing more to undo.
  }
}
