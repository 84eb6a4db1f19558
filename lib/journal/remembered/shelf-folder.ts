import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileFailed } from '../../files/index.js';
import type { StoredContent } from './shelf-messages.js';

const FOLDER_MODE = 0o700;

/** The files that are being written, and second names of those that a caller may still read. */
export const besideFolder = (dataDirPath: string): string => join(dataDirPath, 'remembered', 'new');

/** The path of a file by its content, in hexadecimal: some file systems do not tell capitals apart. */
export function contentPath(dataDirPath: string, contentDigest: string): string {
  const name = Buffer.from(contentDigest, 'base64url').toString('hex');
  return join(dataDirPath, 'remembered', name.slice(0, 2), name);
}

const CONTENT_NAME = /^[0-9a-f]{64}$/;

/** The large values on a shelf, as files that are named by their content. Its calls block: it belongs to a thread of its own. */
export class ShelfFolder {
  readonly #path: string;

  constructor(dataDirPath: string) {
    this.#path = dataDirPath;
  }

  /** Whether a file is there, as long as it should be. */
  has({ contentDigest, sizeBytes }: StoredContent): boolean {
    try {
      return statSync(contentPath(this.#path, contentDigest), { throwIfNoEntry: false })?.size === sizeBytes;
    } catch {
      return false;
    }
  }

  /** Gives a file that was written beside its name. Throws `HANDOFF_STORAGE_FAILED`. */
  place(beside: string, contentDigest: string): void {
    const path = contentPath(this.#path, contentDigest);
    try {
      mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
      renameSync(beside, path);
    } catch (error) {
      throw fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
    }
  }

  /** Takes its name from a file: it is where it was written. */
  takeBack(contentDigest: string, beside: string): void {
    try {
      renameSync(contentPath(this.#path, contentDigest), beside);
    } catch {
      this.remove(contentDigest);
    }
  }

  /** Deletes a file. What cannot be deleted now goes at the next start. */
  remove(contentDigest: string): void {
    this.removeAt(contentPath(this.#path, contentDigest));
  }

  /** Likewise, by its path. */
  removeAt(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch {
      // It stays.
    }
  }

  /** Deletes what a crash left half written, and whatever else is no file of a shelf. Returns the files that are there. */
  takeStock(): StoredContent[] {
    this.removeAll(besideFolder(this.#path));
    const folder = join(this.#path, 'remembered');
    return namesIn(folder).flatMap((part) =>
      namesIn(join(folder, part)).flatMap((name) => {
        const path = join(folder, part, name);
        const sizeBytes = CONTENT_NAME.test(name) && name.startsWith(part) ? statSync(path, { throwIfNoEntry: false })?.size : undefined;
        if (sizeBytes !== undefined) return { contentDigest: Buffer.from(name, 'hex').toString('base64url'), sizeBytes };
        this.removeAll(path);
        return [];
      }),
    );
  }

  /** Deletes all files. */
  clear(): void {
    const folder = join(this.#path, 'remembered');
    for (const part of namesIn(folder)) if (part !== 'new') this.removeAll(join(folder, part));
  }

  /** Deletes a folder with what is in it. */
  removeAll(path: string): void {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // It stays.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
