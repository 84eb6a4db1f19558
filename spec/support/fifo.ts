import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A FIFO: whoever reads it is blocked in a system call until it is released. */
export class Fifo {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'handoff-fifo-'));
  #writer: FileHandle | undefined;

  constructor() {
    this.path = join(this.#folder, 'fifo');
    execFileSync('mkfifo', [this.path]);
  }

  /** Resolves when somebody reads it, and is blocked from now on. */
  async reached(): Promise<void> {
    while (!this.#writer) {
      try {
        // Succeeds only if there is a reader, who then waits until the writer closes.
        this.#writer = await open(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** Lets go whoever reads it. */
  async release(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
