import { statSync } from 'node:fs';
import { storageFailed } from '../../files/storage-failed.js';

/**
 * Notices that an open file is not at its path any more: it was deleted, moved or replaced. What is written into it then is lost without an
 * error. Its calls block, so use it in a thread of its own.
 */
export class FileWatch {
  readonly #path: string;
  readonly #opened: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#opened = identityOf(path);
  }

  /** Throws `HANDOFF_STORAGE_FAILED`, `not-writable`, while the file is not there. */
  check(): void {
    const found = identityOf(this.#path);
    if (found !== undefined && found === this.#opened) return;
    const what = found === undefined ? 'it is not there any more' : 'another file is in its place';
    throw storageFailed('not-writable', `Cannot use ${JSON.stringify(this.#path)}: ${what}`, { path: this.#path });
  }
}

/** Returns a text that only this file has as long as it exists; `undefined` if no file can be seen at the path. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
