import { statSync } from 'node:fs';
import { storageFailed } from '../storage-failed.js';

/**
 * Notices that an open file is not at its path any more: it was deleted, moved or replaced. Whatever is written into it then is lost without
 * an error. For a thread of its own, as its calls block.
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

/** Returns what names a file as long as it exists, or `undefined` if there is none at the path, or none that may be looked at. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
