import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/index.js';
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

  constructor(dataDirPath: string) {
    this.#folder = join(dataDirPath, 'values');
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

  /** Reads a value, if it is what was recorded. A damaged file is set aside, so that it is looked at once. */
  async read(name: FileValueName, stamp: ValueStamp): Promise<ReadValue> {
    const path = this.#pathOf(name);
    try {
      const read = await readWhole(path, stamp);
      if (typeof read !== 'string') return { type: 'whole', bytes: read };
      if (read === 'damaged') await rename(path, path + SET_ASIDE).catch(() => {});
      return { type: 'lost', loss: read, path };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { type: 'lost', loss: 'missing', path };
      throw fileFailed(`Cannot read ${JSON.stringify(path)}`, error);
    }
  }

  /** Deletes a value, if it is there. */
  async remove(name: FileValueName): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  /** Deletes all values of a run. */
  async removeRun(runId: string): Promise<void> {
    await rm(this.#folderOf(runId), { recursive: true, force: true });
  }

  /** The names of the runs that have files here, as far as they can be told; files that a crash left half written are deleted. */
  async runs(): Promise<string[]> {
    const folders = await readdir(this.#folder).catch(() => []);
    for (const folder of folders) {
      const files = await readdir(join(this.#folder, folder)).catch(() => []);
      for (const file of files) if (file.endsWith(BESIDE)) await rm(join(this.#folder, folder, file), { force: true });
    }
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
    const bytes = new Uint8Array(sizeBytes);
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

/** Why a file is not the value that was recorded. */
export type ValueLoss = 'missing' | 'short' | 'damaged';

/** What reading a value gives: its bytes, or why it counts as lost. */
export type ReadValue =
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  | { readonly type: 'lost'; readonly loss: ValueLoss; readonly path: string };
