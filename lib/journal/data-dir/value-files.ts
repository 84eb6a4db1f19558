import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { newId } from '../../base/index.js';
import { FileBytes, type FileLoss, fileFailed, fileThread, isFileLoss, isStorageFailed } from '../../files/index.js';
import type { AwayBytes } from '../../value/index.js';
import { FileSizes } from './file-sizes.js';

const FOLDER_MODE = 0o700;
/** The form of our run ids: such a name is safe as a file's. */
const PLAIN_ID = /^[0-9a-f-]{36}$/;
const BESIDE = '.new';
const SET_ASIDE = '.damaged';

/**
 * Large values as files of a `DataDir`, one folder for each run. A file appears whole: it is written beside, and then renamed. That it
 * still is what was written is checked when it is read. Calls reject with `HANDOFF_STORAGE_FAILED`, `full` or `not-writable`.
 */
export class ValueFiles {
  readonly #folder: string;
  readonly #sizes = new FileSizes();

  /** `name`: that of the folder in the `dataDir`. */
  constructor(dataDirPath: string, name = 'values') {
    this.#folder = join(dataDirPath, name);
  }

  /** The size of all files, bytes, since `takeStock`. */
  get bytes(): number {
    return this.#sizes.bytes;
  }

  /** Writes a value, over one of the same name. With `isSynced` it has survived a loss of power when the promise resolves. */
  async write(name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<ValueStamp> {
    const path = this.#pathOf(name);
    const beside = `${path}.${newId()}${BESIDE}`;
    try {
      await mkdir(this.#folderOf(name.runId), { recursive: true, mode: FOLDER_MODE });
      const { sizeBytes, digest } = await fileThread.write(beside, parts, { kind: 'sha256', isSynced });
      const stamp = { sizeBytes, digest: digest as Uint8Array };
      await rename(beside, path);
      this.#sizes.put(dirname(path), basename(path), stamp.sizeBytes);
      if (isSynced) await syncFolder(this.#folderOf(name.runId));
      return stamp;
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {});
      throw isStorageFailed(error) ? error : fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
    }
  }

  /** Reads a value, if it is what was recorded. A short or damaged file is set aside, so that it is looked at once. */
  async read(name: FileValueName, stamp: ValueStamp): Promise<ReadValue> {
    const path = this.#pathOf(name);
    const read = await fileThread.read({ path, ...stamp });
    return isFileLoss(read) ? this.#setAside(path, read) : { type: 'whole', bytes: read };
  }

  /** Returns the bytes of a value, to be read later. What turns out to be lost then is set aside as by `read`, and `lost` is told. */
  bytesOf(name: FileValueName, { sizeBytes, digest }: ValueStamp, lost: (value: LostValue) => void): AwayBytes {
    const path = this.#pathOf(name);
    return new FileBytes({ path, sizeBytes, digest }, (loss) => void this.#setAside(path, loss).then(lost));
  }

  /** Whether a value is there, by the size of its file alone. What is lost is set aside as by `read`. */
  async find(name: FileValueName, { sizeBytes }: ValueStamp): Promise<LostValue | undefined> {
    const path = this.#pathOf(name);
    try {
      const { size } = await stat(path);
      return size === sizeBytes ? undefined : await this.#setAside(path, size < sizeBytes ? 'short' : 'damaged');
    } catch (error) {
      return lostOrFailed(path, error);
    }
  }

  /** Deletes a value, if it is there. */
  async remove(name: FileValueName): Promise<void> {
    await this.#remove(this.#pathOf(name));
  }

  /** Deletes all values of a run but these, and what is left of others. */
  async removeOthers(runId: string, kept: readonly FileValueName[]): Promise<void> {
    if (kept.length === 0) return this.removeRun(runId);
    const names = new Set(kept.map((name) => this.#pathOf(name)));
    for (const file of await readdir(this.#folderOf(runId)).catch(() => [])) {
      const path = join(this.#folderOf(runId), file);
      if (!names.has(path)) await this.#remove(path);
    }
  }

  /** Keeps the values of a run as if they had been written just now. */
  async touch(runId: string, atMs: number): Promise<void> {
    await utimes(this.#folderOf(runId), atMs / 1000, atMs / 1000).catch(() => {});
  }

  /** When something of a run was last written or deleted here, milliseconds since 1970; 0 if nothing of it is here. */
  async changedAtMs(runId: string): Promise<number> {
    return stat(this.#folderOf(runId)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }

  /** Deletes all values of a run. */
  async removeRun(runId: string): Promise<void> {
    const folder = this.#folderOf(runId);
    await rm(folder, { recursive: true, force: true });
    this.#sizes.removeAll(folder);
  }

  /** Deletes the files that a crash left half written, and measures the others. For a folder in which nothing is being written. */
  async takeStock(): Promise<void> {
    for (const runId of await this.runs()) {
      const folder = this.#folderOf(runId);
      const files = await readdir(folder).catch(() => []);
      for (const file of files) if (file.endsWith(BESIDE)) await rm(join(folder, file), { force: true });
      const whole = files.filter((file) => !file.endsWith(BESIDE));
      const stats = await Promise.all(whole.map((file) => stat(join(folder, file)).catch(() => undefined)));
      for (const [at, found] of stats.entries()) if (found) this.#sizes.put(folder, whole[at]!, found.size);
    }
  }

  /** The names of the runs that have files here, as far as they can be told. */
  async runs(): Promise<string[]> {
    const folders = await readdir(this.#folder).catch(() => []);
    return folders.map((folder) => (folder.startsWith('x') ? Buffer.from(folder.slice(1), 'hex').toString() : folder));
  }

  async #remove(path: string): Promise<void> {
    await rm(path, { force: true });
    this.#sizes.remove(dirname(path), basename(path));
  }

  async #setAside(path: string, loss: FileLoss): Promise<LostValue> {
    if (loss === 'missing') return { type: 'lost', loss, path };
    const aside = path + SET_ASIDE;
    await rename(path, aside).then(
      () => this.#sizes.put(dirname(path), basename(aside), this.#sizes.remove(dirname(path), basename(path))),
      () => {},
    );
    return { type: 'lost', loss, path };
  }

  #folderOf(runId: string): string {
    return join(this.#folder, PLAIN_ID.test(runId) ? runId : `x${Buffer.from(runId).toString('hex')}`);
  }

  #pathOf({ runId, epoch, index }: FileValueName): string {
    return join(this.#folderOf(runId), `${epoch}-${index}`);
  }
}

function lostOrFailed(path: string, error: unknown): LostValue {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { type: 'lost', loss: 'missing', path };
  throw fileFailed(`Cannot read ${JSON.stringify(path)}`, error);
}

/** A renamed file is there after a loss of power once its folder is synced. Windows has no such thing, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whose value it is. A value of an earlier epoch is another value: nothing of it is taken for this one. */
export interface FileValueName {
  readonly runId: string;
  readonly epoch: number;
  /** The number of the function in the plan. */
  readonly index: number;
}

/** What the record of a value says of its file. */
export interface ValueStamp {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes. */
  readonly digest: Uint8Array;
}

/** What a record says of the file of a value: in which `dataDir` it lies, what names it there, and its content. */
export interface RecordedFile extends ValueStamp {
  /** The id of the folder. */
  readonly dataDir: string;
  /** The epoch in which the value was made, and the number of its function in the plan of that epoch. */
  readonly epoch: number;
  readonly index: number;
}

/** A value that counts as lost, and why. */
export interface LostValue {
  readonly type: 'lost';
  readonly loss: FileLoss;
  readonly path: string;
}

/** What reading a value gives: its bytes, or why it counts as lost. */
export type ReadValue = { readonly type: 'whole'; readonly bytes: Uint8Array } | LostValue;
