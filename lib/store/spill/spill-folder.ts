import { rmSync } from 'node:fs';
import { access, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isLockName } from './folder-socket.js';
import type { OwnFolder, SpillParent } from './spill-parent.js';

/** The folders to delete when the process exits and has not closed them. */
const toDelete = new Set<string>();
let isWatching = false;

function deleteAtExit(path: string): void {
  toDelete.add(path);
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const one of toDelete) attempt(() => rmSync(one, { recursive: true, force: true }));
  });
}

/** The folder of a node for what it spills: made when it is first needed, and anew if it was deleted. */
export class SpillFolder {
  readonly #parent: SpillParent;
  #made: OwnFolder | undefined;
  #making: Promise<string> | undefined;

  constructor(parent: SpillParent) {
    this.#parent = parent;
  }

  /** The path of the folder, if it is made. */
  get path(): string | undefined {
    return this.#made?.path;
  }

  /** Makes the folder, unless it is there. Rejects with an error of the system. */
  async make(): Promise<string> {
    if (this.#made) return this.#made.path;
    this.#making ??= this.#parent.make().then(
      (made) => {
        this.#made = made;
        this.#making = undefined;
        deleteAtExit(made.path);
        return made.path;
      },
      (error) => {
        this.#making = undefined;
        throw error;
      },
    );
    return this.#making;
  }

  /** Looks whether the folder of this path is still there, to make another else. */
  async look(path: string): Promise<void> {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere || this.#made?.path !== path) return;
    this.#made.release();
    this.#made = undefined;
    toDelete.delete(path);
  }

  /** Deletes the folder. Where some of its files are still needed, these and the folder go when the process ends. */
  async remove(needed: readonly string[]): Promise<void> {
    await this.#making?.catch(() => {});
    const made = this.#made;
    if (!made) return;
    const { path } = made;
    if (needed.length > 0) return deleteOthers(path, needed);
    this.#made = undefined;
    // What cannot be deleted now is tried once more at the end of the process.
    await rm(path, { recursive: true, force: true }).then(
      () => toDelete.delete(path),
      () => {},
    );
    made.release();
  }
}

async function deleteOthers(folder: string, needed: readonly string[]): Promise<void> {
  const kept = new Set(needed.map((path) => basename(path)));
  for (const name of await readdir(folder).catch(() => [])) {
    if (!kept.has(name) && !isLockName(name)) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The next start deletes it.
  }
}
