import { Worker } from 'node:worker_threads';
import { LIB_FOLDER, type Logger } from '../../base/index.js';
import type { RememberedStats } from './remembered-shelf.js';
import type { ShelfAnswer, ShelfBatch, ShelfCall, ShelfOperation, ShelfOperations, ShelfThreadData } from './shelf-messages.js';

const ENTRY = new URL('journal/remembered/shelf-entry.mjs', LIB_FOLDER);
/** The thread holds what one turn of the event loop remembers. */
const HEAP_MIB = 512;

type Settle = (answer: never) => void;

/**
 * The thread that keeps a shelf. It is started by the first call. The calls of one turn go in one message. It keeps the process alive while
 * a call is under way. No call rejects: when the thread has ended, each gets `undefined`.
 */
export class ShelfThread {
  readonly #data: ShelfThreadData;
  readonly #logger: Logger;
  readonly #pending = new Map<number, readonly Settle[]>();
  #worker: Worker | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** The calls of this turn. */
  #calls: ShelfCall[] = [];
  #settles: Settle[] = [];
  #batches = 0;
  #stats: RememberedStats = { entries: 0, bytes: 0, hits: 0 };

  constructor(data: ShelfThreadData, logger: Logger) {
    this.#data = data;
    this.#logger = logger;
  }

  /** How much there was at the last answer. */
  get stats(): RememberedStats {
    return this.#stats;
  }

  /** Starts it without a call: it takes stock. */
  start(): void {
    this.#post([], []);
  }

  call<Name extends ShelfOperation>(name: Name, from: ShelfOperations[Name]['from']): Promise<ShelfOperations[Name]['to'] | undefined> {
    if (this.#isOver) return Promise.resolve(undefined);
    if (this.#calls.length === 0) setImmediate(() => this.#flush());
    this.#calls.push({ name, from } as ShelfCall);
    return new Promise((resolve) => this.#settles.push(resolve as Settle));
  }

  /** Ends it once all calls are answered. */
  async close(): Promise<void> {
    this.#flush();
    this.#isOver = true;
    this.#worker?.ref();
    this.#worker?.postMessage('close');
    await this.#exited;
  }

  #flush(): void {
    const [calls, settles] = [this.#calls, this.#settles];
    this.#calls = [];
    this.#settles = [];
    if (calls.length === 0) return;
    if (this.#isOver) for (const settle of settles) settle(undefined as never);
    else this.#post(calls, settles);
  }

  #post(calls: readonly ShelfCall[], settles: readonly Settle[]): void {
    const id = ++this.#batches;
    this.#pending.set(id, settles);
    const batch: ShelfBatch = { id, calls };
    this.#worker ??= this.#open();
    this.#worker.ref();
    this.#worker.postMessage(batch);
  }

  #open(): Worker {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB };
    const worker = new Worker(ENTRY, { workerData: this.#data, execArgv: [], resourceLimits, name: 'handoff-remembered' });
    this.#exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (answer: ShelfAnswer) => this.#settle(answer));
    worker.on('error', (err) =>
      this.#logger.error({ err }, 'the thread that remembers results has failed: nothing is remembered any more'),
    );
    worker.once('exit', () => this.#over());
    return worker;
  }

  #settle({ id, answers, stats, notices }: ShelfAnswer): void {
    this.#stats = stats;
    for (const { message, fields } of notices) this.#logger.warn(fields, message);
    const settles = this.#pending.get(id) ?? [];
    this.#pending.delete(id);
    // One that is closing must end before the process does.
    if (this.#pending.size === 0 && !this.#isOver) this.#worker?.unref();
    for (const [at, settle] of settles.entries()) settle(answers[at] as never);
  }

  #over(): void {
    this.#isOver = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const settles of pending) for (const settle of settles) settle(undefined as never);
  }
}
