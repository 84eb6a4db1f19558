import { Worker } from 'node:worker_threads';
import { type HandoffError, LIB_FOLDER } from '../../base/index.js';
import { storageFailed } from '../../files/storage-failed.js';
import type { JournalStore, StoreOperation, StoreOperations } from '../stored/operations.js';
import type { SqliteWriterData, WriterAnswer, WriterCall } from './writer-messages.js';

const ENTRY = new URL('journal/sqlite/writer-entry.mjs', LIB_FOLDER);
/** The thread packs and unpacks groups of some hundred KiB: its heap need not be large. */
const HEAP_MIB = 512;

/** A view of so much more than it shows is not worth a copy. */
const SMALL_BYTES = 16_384;

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A store in a file of SQLite, written and read by a thread of its own. The thread keeps the process alive while a call is under way. */
export class SqliteStore implements JournalStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  readonly #exited: Promise<unknown>;
  #failure: HandoffError | undefined;
  #calls = 0;
  #isClosing = false;

  private constructor(data: SqliteWriterData) {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB };
    this.#worker = new Worker(ENTRY, { workerData: data, execArgv: [], resourceLimits, name: 'handoff-journal' });
    this.#exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('message', (answer: WriterAnswer) => this.#settle(answer));
    this.#worker.on('error', (cause) => this.#fail(storageFailed('not-writable', `Cannot use the journal: ${cause}`, { cause })));
    this.#worker.on('exit', () => this.#fail(storageFailed('not-writable', 'Cannot use the journal: its thread has ended')));
  }

  /** Opens the file, which is made and migrated where need be. Rejects with `HANDOFF_STORAGE_FAILED`. */
  static async open(data: SqliteWriterData): Promise<SqliteStore> {
    const store = new SqliteStore(data);
    try {
      await store.#expect(0);
      return store;
    } catch (error) {
      await store.#worker.terminate();
      throw error;
    }
  }

  perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    if (this.#failure) return Promise.reject(this.#failure);
    const call = { id: ++this.#calls, name, from: compact(name, from) } as WriterCall;
    const answer = this.#expect(call.id);
    this.#worker.postMessage(call);
    return answer as Promise<StoreOperations[Name]['to']>;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#worker.ref();
    this.#worker.postMessage('close');
    await this.#exited;
  }

  #expect(id: number): Promise<unknown> {
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  #settle(answer: WriterAnswer): void {
    const call = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    // One that is closing must end before the process does.
    if (this.#pending.size === 0 && !this.#isClosing) this.#worker.unref();
    if (answer.type === 'done') call?.resolve(answer.value);
    else if (answer.error.reason) call?.reject(storageFailed(answer.error.reason, answer.error.message));
    else call?.reject(new Error(`The journal failed: ${answer.error.message}`));
  }

  #fail(error: HandoffError): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/**
 * A message takes the whole memory behind a view with it: views of something larger are copied first. What is shared is read where it lies.
 */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer instanceof SharedArrayBuffer || bytes.buffer.byteLength <= 2 * bytes.byteLength + SMALL_BYTES ? bytes : bytes.slice();

function compact<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): StoreOperations[Name]['from'] {
  if (name === 'appendGroup') {
    const given = from as StoreOperations['appendGroup']['from'];
    return { ...given, bytes: ownBytes(given.bytes) } as typeof from;
  }
  if (name !== 'openRun') return from;
  const given = from as StoreOperations['openRun']['from'];
  return { ...given, opening: given.opening.map(ownBytes) } as typeof from;
}
