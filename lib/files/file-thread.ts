import { Worker } from 'node:worker_threads';
import { type HandoffError, LIB_FOLDER } from '../base/index.js';
import { SHARED_FROM_BYTES, sharedMemory } from '../value/index.js';
import type { DigestKind } from './file-digest.js';
import type { FileAnswer, FileCall } from './file-messages.js';
import { type FileLoss, type FilePlace, type FileStamp, isFileLoss } from './file-place.js';
import { LimitedWork } from './limited-work.js';
import { bundlesOf } from './part-bundles.js';
import { fileFailed, storageFailed } from './storage-failed.js';

const ENTRY = new URL('files/file-entry.mjs', LIB_FOLDER);
/** The thread keeps no bytes in its heap. */
const HEAP_MIB = 128;

/** So many values are written at once, and so many read. The rest waits here: of what is read, the memory is not even allocated. */
const AT_ONCE = 4;
/** So many small ones: the thread has enough to do until the event loop, which may be busy, hears of what is done. */
const SMALL_AT_ONCE = 32;
/** Values are small below this size, bytes. */
const SMALL_BELOW_BYTES = 1 << 20;
/** From this size on, bytes, values are written one after the other, and read one after the other. Smaller ones do not wait for them. */
const ALONE_FROM_BYTES = 16 << 20;

interface PendingCall {
  /** What the caller meant to do, for the error. */
  readonly intent: string;
  readonly resolve: (value: FileStamp | Uint8Array | FileLoss | undefined) => void;
  readonly reject: (error: HandoffError) => void;
}

/**
 * The thread that writes, reads and deletes the files of values: the event loop passes messages only. It is started when it is first
 * needed, and again if it dies. What was being written or read whole then is written or read once more; all else rejects with
 * `not-writable`. It keeps the process alive while a call is under way. Errors of the system come as `HANDOFF_STORAGE_FAILED`, with theirs
 * as the cause.
 */
export class FileThread {
  readonly #pending = new Map<number, PendingCall>();
  readonly #writes = new SizedWork();
  readonly #reads = new SizedWork();
  #worker: Worker | undefined;
  #ids = 0;
  #deaths = 0;

  /**
   * Writes parts to a new file, or to a place in one that has others too. The parts must not change until then. Nothing is left of what
   * cannot be written whole.
   */
  write(path: string, parts: readonly Uint8Array[], how: HowWritten): Promise<FileStamp> {
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
    const begun = (): Promise<void> => (how.at === undefined ? this.remove(path) : Promise.resolve());
    const work = (): Promise<FileStamp> => this.#again(() => this.#write(path, parts, how), begun);
    return this.#writes.run(sizeBytes, work);
  }

  /** Nothing more is written into a file that has several values. */
  endFile(path: string): void {
    this.#tell({ type: 'end-file', path });
  }

  /** Reads all, in memory that threads share where it is large. Returns why not, if it is not what was written. */
  read(place: FilePlace): Promise<Uint8Array | FileLoss> {
    return this.#reads.run(place.sizeBytes, () => this.#again(() => this.#read(place)));
  }

  /** Returns a number for `readOn`. */
  newReader(): number {
    return ++this.#ids;
  }

  /** Reads on, from the first byte to the last. */
  async readOn(reader: number, place: FilePlace, mostBytes: number): Promise<Uint8Array | FileLoss> {
    const call = (id: number): FileCall => ({ type: 'read-on', id, reader, place, mostBytes });
    return (await this.#call(`Cannot read ${JSON.stringify(place.path)}`, call)) as Uint8Array | FileLoss;
  }

  /** A reader reads no further. */
  closeReader(reader: number): void {
    this.#tell({ type: 'close-reader', reader });
  }

  /** Deletes a file, if it is there. */
  async remove(path: string): Promise<void> {
    await this.#again(() => this.#call(`Cannot delete ${JSON.stringify(path)}`, (id) => ({ type: 'remove', id, path })));
  }

  async #write(path: string, parts: readonly Uint8Array[], { kind, at, isSynced = false }: HowWritten): Promise<FileStamp> {
    const intent = `Cannot write ${JSON.stringify(path)}`;
    const writing = ++this.#ids;
    let before: Promise<unknown> | undefined;
    let isOpen = false;
    try {
      // One bundle is copied while the one before is written, and no more.
      for (const { pieces, copies, isWhole } of bundlesOf(parts)) {
        const bundle = { writing, pieces, isWhole };
        const next = isOpen
          ? this.#call(intent, (id) => ({ type: 'write-on', id, ...bundle }), copies)
          : this.#call(intent, (id) => ({ type: 'write', id, path, at, kind, isSynced, ...bundle }), copies);
        next.catch(() => {});
        isOpen = !isWhole;
        await before;
        before = next;
      }
      return (await before) as FileStamp;
    } catch (error) {
      if (isOpen) this.#tell({ type: 'stop-writing', writing });
      throw error;
    }
  }

  async #read(place: FilePlace): Promise<Uint8Array | FileLoss> {
    const into = place.sizeBytes < SHARED_FROM_BYTES ? undefined : sharedMemory(place.sizeBytes);
    const call = (id: number): FileCall => ({ type: 'read', id, place, into });
    const read = (await this.#call(`Cannot read ${JSON.stringify(place.path)}`, call)) as Uint8Array | FileLoss;
    return isFileLoss(read) || !into ? read : into;
  }

  /** Does what can be done twice once more if the thread has died meanwhile; before that it undoes what was `begun`. */
  async #again<T>(work: () => Promise<T>, begun?: () => Promise<void>): Promise<T> {
    const deaths = this.#deaths;
    try {
      return await work();
    } catch (error) {
      if (deaths === this.#deaths) throw error;
      await begun?.();
      return work();
    }
  }

  /** Says what needs no answer. A thread that has died has forgotten it anyway. */
  #tell(call: FileCall): void {
    this.#worker?.postMessage(call);
  }

  #call(intent: string, callOf: (id: number) => FileCall, copies: readonly ArrayBuffer[] = []): Promise<unknown> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage(callOf(id), copies);
      } catch (cause) {
        return reject(fileFailed(intent, cause));
      }
      this.#worker.ref();
      this.#pending.set(id, { intent, resolve, reject });
    });
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB }, name: 'handoff-files' });
    worker.unref();
    let why: unknown;
    worker.on('message', (answer: FileAnswer) => this.#settle(answer));
    worker.on('error', (error) => {
      why = error;
    });
    worker.once('exit', () => {
      this.#worker = undefined;
      this.#deaths += 1;
      const failed = [...this.#pending.values()];
      this.#pending.clear();
      for (const { intent, reject } of failed) {
        reject(storageFailed('not-writable', `${intent}: the thread for files has ended`, why === undefined ? {} : { cause: why }));
      }
    });
    return worker;
  }

  #settle(answer: FileAnswer): void {
    const call = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if (answer.type === 'done') call?.resolve(answer.value);
    else call?.reject(fileFailed(call.intent, Object.assign(new Error(answer.message), { code: answer.code })));
  }
}

/** Work on values, of which only so many go on at once as their size allows. */
class SizedWork {
  readonly #small = new LimitedWork(SMALL_AT_ONCE);
  readonly #medium = new LimitedWork(AT_ONCE);
  readonly #large = new LimitedWork(1);

  run<T>(sizeBytes: number, work: () => Promise<T>): Promise<T> {
    if (sizeBytes < SMALL_BELOW_BYTES) return this.#small.run(work);
    return (sizeBytes < ALONE_FROM_BYTES ? this.#medium : this.#large).run(work);
  }
}

/** The thread for the files of all nodes of this process: there is one disk. */
export const fileThread = new FileThread();

/** How a file is written. */
export interface HowWritten {
  readonly kind: DigestKind;
  /** The place in a file that has others too. By default it is a new file of its own. */
  readonly at?: number | undefined;
  /**
   * Whether the file survives a loss of power.
   * @default false
   */
  readonly isSynced?: boolean;
}
