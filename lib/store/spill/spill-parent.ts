import { lstat, mkdir, mkdtemp, readdir, rm, rmdir, statfs, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../base/index.js';
import { storageFailed } from '../../files/index.js';
import { holdFolder, isFolderHeld } from './folder-socket.js';

const FOLDER_MODE = 0o700;
/** The bits by which the group and others may write. */
const OTHERS_WRITE = 0o022;
/** The types of file systems that lie in memory: tmpfs and ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];
/** The folder for temporary files that outlive a restart: it is on a disk. */
const ON_DISK = '/var/tmp';
/** The path of a socket may have so many bytes, on Linux four more. A file of a folder adds some thirty. */
const LONGEST_PARENT = 72;

const user = process.geteuid?.() ?? 'own';

/** The folder in which nodes have folders for what they spill, one each. */
export interface SpillParent {
  /** A folder that is there, on the file system that values are spilled to. */
  readonly path: string;
  /** Makes a folder of this node's own. Returns its path, and what releases it. */
  make(): Promise<OwnFolder>;
  /** Deletes what others have left behind that are gone. Never rejects. */
  sweep(): Promise<void>;
}

/** A folder that this node has for itself. */
export interface OwnFolder {
  readonly path: string;
  /** It is not used any more. */
  release(): void;
}

/** Returns where values are spilled to: in a `DataDir`, which its node has locked; else in the system's folder for temporary files. */
export const spillParent = async (dataDirPath: string | undefined): Promise<SpillParent> =>
  dataDirPath === undefined ? temporaryParent(await temporaryFolder()) : dataDirParent(dataDirPath);

function dataDirParent(dataDirPath: string): SpillParent {
  const parent = join(dataDirPath, 'spill');
  /** The folders of this node: everything else is left over. */
  const own = new Set<string>();
  return {
    path: dataDirPath,
    async make() {
      await mkdir(parent, { mode: FOLDER_MODE }).catch(ignoring('EEXIST'));
      if (!(await isOwn(parent))) {
        const message = `Cannot use ${JSON.stringify(parent)}: it is no folder that this user alone may write to`;
        throw storageFailed('not-writable', message, { path: parent });
      }
      const name = newId();
      own.add(name);
      await mkdir(join(parent, name), { mode: FOLDER_MODE });
      return { path: join(parent, name), release: () => own.delete(name) };
    },
    async sweep() {
      if (await isOwn(parent)) {
        for (const name of await readdir(parent).catch(() => [])) {
          if (!own.has(name)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
        }
      }
      // What a killed node without a `dataDir` has left must not wait for another one of its kind.
      await temporaryParent(await temporaryFolder()).sweep();
    },
  };
}

function temporaryParent(parent: string): SpillParent {
  const prefix = `handoff-spill-${user}-`;
  return {
    path: parent,
    async make() {
      const make = async (): Promise<OwnFolder> => {
        const path = await mkdtemp(join(parent, prefix));
        try {
          return { path, release: await holdFolder(path) };
        } catch (error) {
          await rm(path, { recursive: true, force: true }).catch(() => {});
          throw error;
        }
      };
      // A sweep of another process may have deleted it before it had its lock.
      return make().catch(make);
    },
    async sweep() {
      for (const name of await readdir(parent).catch(() => [])) {
        const folder = join(parent, name);
        if (name.startsWith(prefix) && (await isOwn(folder))) await removeLeftover(folder);
      }
    },
  };
}

/** The system's folder for temporary files; another one where it lies in memory, which values are spilled from. */
async function temporaryFolder(): Promise<string> {
  const path = tmpdir();
  if (process.platform === 'win32') return path;
  const isUseless = path.length > LONGEST_PARENT || (await isInMemory(path));
  return isUseless && !(await isInMemory(ON_DISK)) ? ON_DISK : path;
}

/** Whether a file system lies in memory, or is none. */
async function isInMemory(path: string): Promise<boolean> {
  try {
    return IN_MEMORY.includes((await statfs(path)).type);
  } catch {
    return true;
  }
}

/** Whether it is a folder, and no link to one, that belongs to this user and that nobody else may write to. */
async function isOwn(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  return process.platform === 'win32' || (found.uid === user && (found.mode & OTHERS_WRITE) === 0);
}

/**
 * Deletes what is in a folder, and the folder, unless a process uses it. One that is just making it shows no lock yet: only what was there
 * before is deleted, so either its lock keeps the folder, or it finds the folder gone and makes another.
 */
async function removeLeftover(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (await isFolderHeld(folder)) return;
  for (const name of names) await unlink(join(folder, name)).catch(() => {});
  await rmdir(folder).catch(() => {});
}

const ignoring =
  (code: string) =>
  (error: NodeJS.ErrnoException): void => {
    if (error.code !== code) throw error;
  };
