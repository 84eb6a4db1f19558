import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/index.js';
import { StoredValue } from '../../value/index.js';
import { isSameBytes } from '../groups/checksum.js';
import { fileFailed } from '../storage-failed.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** So much is hashed within one turn of the event loop: some 2 ms. */
const CHUNK_BYTES = 1 << 20;
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

  /** `name`: that of the folder in the `dataDir`. */
  constructor(dataDirPath: string, name = 'values') {
    this.#folder = join(dataDirPath, name);
  }

  /** Writes a value, over one of the same name. With `isSynced` it has survived a loss of power when the promise resolves. */
  async write(name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<ValueStamp> {
    const path = this.#pathOf(name);
    const beside = `${path}.${newId()}${BESIDE}`;
    try {
      await mkdir(this.#folderOf(name.runId), { recursive: true, mode: FOLDER_MODE });
      const stamp = await writeWhole(beside, parts, isSynced);
      await rename(beside, path);
      if (isSynced) await syncFolder(this.#folderOf(name.runId));
      return stamp;
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {});
      throw fileFailed(`Cannot write ${JSON.stringify(path)}`, error);
    }
  }

  /** Reads a value, if it is what was recorded. A short or damaged file is set aside, so that it is looked at once. */
  async read(name: FileValueName, stamp: ValueStamp): Promise<ReadValue> {
    const path = this.#pathOf(name);
    try {
      const read = await readWhole(path, stamp);
      return typeof read === 'string' ? await setAside(path, read) : { type: 'whole', bytes: read };
    } catch (error) {
      return lostOrFailed(path, error);
    }
  }

  /** Whether a value is there, by the size of its file alone. What is lost is set aside as by `read`. */
  async find(name: FileValueName, { sizeBytes }: ValueStamp): Promise<LostValue | undefined> {
    const path = this.#pathOf(name);
    try {
      const { size } = await stat(path);
      return size === sizeBytes ? undefined : await setAside(path, size < sizeBytes ? 'short' : 'damaged');
    } catch (error) {
      return lostOrFailed(path, error);
    }
  }

  /** Deletes a value, if it is there. */
  async remove(name: FileValueName): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  /** Deletes all values of a run but these, and what is left of others. */
  async removeOthers(runId: string, kept: readonly FileValueName[]): Promise<void> {
    if (kept.length === 0) return this.removeRun(runId);
    const names = new Set(kept.map((name) => this.#pathOf(name)));
    for (const file of await readdir(this.#folderOf(runId)).catch(() => [])) {
      const path = join(this.#folderOf(runId), file);
      if (!names.has(path)) await rm(path, { force: true });
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
    await rm(this.#folderOf(runId), { recursive: true, force: true });
  }

  /** Deletes the files that a crash left half written. For a folder in which nothing is being written. */
  async removeHalves(): Promise<void> {
    for (const runId of await this.runs()) {
      const folder = this.#folderOf(runId);
      const files = await readdir(folder).catch(() => []);
      for (const file of files) if (file.endsWith(BESIDE)) await rm(join(folder, file), { force: true });
    }
  }

  /** The names of the runs that have files here, as far as they can be told. */
  async runs(): Promise<string[]> {
    const folders = await readdir(this.#folder).catch(() => []);
    return folders.map((folder) => (folder.startsWith('x') ? Buffer.from(folder.slice(1), 'hex').toString() : folder));
  }

  #folderOf(runId: string): string {
    return join(this.#folder, PLAIN_ID.test(runId) ? runId : `x${Buffer.from(runId).toString('hex')}`);
  }

  #pathOf({ runId, epoch, index }: FileValueName): string {
    return join(this.#folderOf(runId), `${epoch}-${index}`);
  }
}

async function writeWhole(path: string, parts: readonly Uint8Array[], isSynced: boolean): Promise<ValueStamp> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await open(path, 'wx', FILE_MODE);
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length; at += CHUNK_BYTES) {
        const chunk = part.subarray(at, at + CHUNK_BYTES);
        hash.update(chunk);
        for (let written = 0; written < chunk.length; ) written += (await file.write(chunk, written)).bytesWritten;
        sizeBytes += chunk.length;
      }
    }
    if (isSynced) await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, digest: new Uint8Array(hash.digest()) };
}

async function readWhole(path: string, { sizeBytes, digest }: ValueStamp): Promise<Uint8Array | ValueLoss> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < sizeBytes) return 'short';
    if (size > sizeBytes) return 'damaged';
    const hash = createHash('sha256');
    // A large one in memory that threads share, so that it need not be copied for them.
    const bytes = StoredValue.memory(sizeBytes)?.[0] ?? new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK_BYTES, sizeBytes - at), at);
      if (bytesRead === 0) return 'short';
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
    }
    return isSameBytes(hash.digest(), digest) ? bytes : 'damaged';
  } finally {
    await file.close();
  }
}

async function setAside(path: string, loss: ValueLoss): Promise<LostValue> {
  await rename(path, path + SET_ASIDE).catch(() => {});
  return { type: 'lost', loss, path };
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

/** Why a file is not the value that was recorded. */
export type ValueLoss = 'missing' | 'short' | 'damaged';

/** A value that counts as lost, and why. */
export interface LostValue {
  readonly type: 'lost';
  readonly loss: ValueLoss;
  readonly path: string;
}

/** What reading a value gives: its bytes, or why it counts as lost. */
export type ReadValue = { readonly type: 'whole'; readonly bytes: Uint8Array } | LostValue;
