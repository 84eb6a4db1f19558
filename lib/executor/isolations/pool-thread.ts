import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker, type WorkerOptions } from 'node:worker_threads';
import type { Clock, Logger, Timer } from '../../base/index.js';
import { fromThread } from './thread-door.js';
import type { FromThread, ThreadAnswer, ThreadCall, ThreadData, ThreadSetUp, ToThread } from './thread-messages.js';

/**
 * How long a thread may take to start, ms. It takes 30 ms; but code of users runs at its start too (`--import`, `--require`), and may never
 * end.
 */
const START_LIMIT_MS = 60_000;

/** How long a thread may live that cannot be reached any more, ms. */
const UNREACHABLE_MS = 1000;

/** A call for a thread. */
export interface Work {
  readonly key: number;
  /** Whether it may only run in a thread in which nothing ran before. */
  readonly needsFreshThread: boolean;
  /** A thread takes it. Returns what the thread is to run. */
  takenBy(thread: PoolThread): ThreadCall;
  /** The thread has answered. One that is to retire is not used again, and is to be ended by the work. */
  answered(answer: ThreadAnswer): void;
  /** The thread has ended under it. */
  died(end: ThreadEnd): void;
  /** There is no thread, and none can be made. */
  notStarted(cause: unknown): void;
}

/** How a thread came to its end by itself. */
export interface ThreadEnd {
  /** What was thrown that nobody caught, or why V8 has ended the thread. */
  readonly error: { readonly thrown: unknown } | undefined;
  readonly exitCode: number;
  /** Who has called `process.exit`, if that is the reason. */
  readonly exiting: Extract<FromThread, { type: 'exiting' }> | undefined;
  /** Whether no other call ran in it before. */
  readonly wasFresh: boolean;
}

/** What a thread is made with. */
export interface ThreadMaking {
  /** `new Worker` on the entry of the threads. */
  readonly makeWorker: (options: WorkerOptions) => Worker;
  readonly setUp: Omit<ThreadSetUp, 'port'>;
  /** The heap of a thread, MiB. */
  readonly heapMiB: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heardLine: (line: Extract<FromThread, { type: 'line' }>) => void;
}

/** Whoever has made a thread, as the thread sees it. */
export interface ThreadOwner {
  readonly making: ThreadMaking;
  /** The thread has nothing to do: it has started, or has answered. */
  freed(thread: PoolThread, hasJustStarted: boolean): void;
  /** The thread takes no more work, though it still runs. */
  retired(thread: PoolThread): void;
  /** The thread has ended. `startFault`: why it could not even start. */
  gone(thread: PoolThread, startFault: { readonly cause: unknown } | undefined): void;
}

/**
 * A worker thread of a pool. It is reached by a port of its own that code of users does not see. Whatever else comes from it is dropped,
 * and told to the log once.
 */
export class PoolThread {
  readonly #owner: ThreadOwner;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #starts: Timer;
  readonly #whenGone: (() => void)[] = [];
  #state: 'starting' | 'free' | 'busy' | 'ending' | 'gone' = 'starting';
  #work: Work | undefined;
  #served = 0;
  #dropped = 0;
  #error: { readonly thrown: unknown } | undefined;
  /** Whether `#error` is ours: why the thread was given up. */
  #isGivenUp = false;
  #exiting: ThreadEnd['exiting'];
  /** Since when it has had nothing to do. */
  idleSinceMs = 0;

  /** Throws what `new Worker` throws. */
  constructor(owner: ThreadOwner) {
    this.#owner = owner;
    const { makeWorker, setUp, heapMiB, clock } = owner.making;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ThreadData = { setUp: { ...setUp, port: port2 } };
    try {
      this.#worker = makeWorker({ workerData, transferList: [port2], resourceLimits: { maxOldGenerationSizeMb: heapMiB } });
    } catch (error) {
      port1.close();
      throw error;
    }
    this.#worker.on('error', (thrown: unknown) => {
      // What V8 and the thread say themselves is nearer to the cause than why it was given up.
      if (!this.#error || this.#isGivenUp) this.#error = { thrown };
      this.#isGivenUp = false;
    });
    this.#worker.on('exit', (exitCode) => this.#exited(exitCode));
    // What agents and modules send on the thread's public port. Nobody has asked for it.
    this.#worker.on('message', () => this.#drop());
    this.#worker.unref();
    port1.on('message', (data: unknown) => this.#hear(data));
    // Mostly as the thread ends; but code that finds the port can close it, and nothing would be heard of the thread any more.
    port1.on('close', () => clock.after(UNREACHABLE_MS, () => this.#giveUp('the thread has closed the port through which it is reached')));
    this.#starts = clock.after(START_LIMIT_MS, () => this.#giveUp(`the thread was not ready after ${START_LIMIT_MS} ms`));
  }

  /** Whether no call has run in it yet. */
  get isFresh(): boolean {
    return this.#served === 0;
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** Runs the work. Only for a thread that has nothing to do. */
  take(work: Work): void {
    this.#state = 'busy';
    this.#work = work;
    this.send(work.takenBy(this));
  }

  send(message: ToThread): void {
    this.#port.postMessage(message);
  }

  /** While it has nothing to do, it does not keep the process alive. */
  rest(): void {
    this.idleSinceMs = this.#owner.making.clock.now();
    this.#port.unref();
  }

  /** It is about to get work. */
  wake(): void {
    this.#port.ref();
  }

  /** Ends it; `gone` is called when its code has ended for sure. It gets nothing more to do. */
  end(gone?: () => void): void {
    if (this.#state === 'gone') {
      gone?.();
      return;
    }
    if (gone) this.#whenGone.push(gone);
    if (this.#state === 'ending') return;
    this.#state = 'ending';
    this.#owner.retired(this);
    void this.#worker.terminate();
  }

  #hear(data: unknown): void {
    const message = fromThread(data);
    switch (message?.type) {
      case 'line':
        return this.#owner.making.heardLine(message);
      case 'succeeded':
      case 'failed':
        return this.#work?.key === message.key ? this.#answered(this.#work, message) : this.#drop();
      case 'ready':
        return this.#state === 'starting' ? this.#ready() : this.#drop();
      case 'exiting':
        this.#exiting ??= message;
        return undefined;
      default:
        return this.#drop();
    }
  }

  #ready(): void {
    this.#starts.cancel();
    this.#state = 'free';
    this.#owner.freed(this, true);
  }

  #answered(work: Work, answer: ThreadAnswer): void {
    // It was told to end and still answers. The caller that ends it does not wait for the answer.
    if (this.#state === 'ending') return;
    this.#work = undefined;
    this.#served += 1;
    const mayGoOn = this.#state === 'busy' && !(answer.type === 'failed' && answer.retire);
    // First of all the thread gets its next work, so that it has something to do meanwhile.
    if (mayGoOn) {
      this.#state = 'free';
      this.#owner.freed(this, false);
    }
    work.answered(answer);
  }

  #exited(exitCode: number): void {
    this.#starts.cancel();
    const before = this.#state;
    if (before !== 'ending') this.#state = 'gone';
    // Its last words may still be on their way.
    for (let last = receiveMessageOnPort(this.#port); last; last = receiveMessageOnPort(this.#port)) this.#hear(last.message);
    this.#state = 'gone';
    this.#port.close();
    const work = this.#work;
    this.#work = undefined;
    const end: ThreadEnd = { error: this.#error, exitCode, exiting: this.#exiting, wasFresh: this.#served === 0 };
    const cause = this.#error ? this.#error.thrown : new Error(`the thread ended with exit code ${exitCode}`);
    this.#owner.gone(this, before === 'starting' ? { cause } : undefined);
    if (before === 'busy' && work) work.died(end);
    else if (before === 'free') this.#owner.making.logger.warn({ err: cause }, 'a worker thread ended while no function ran in it');
    for (const gone of this.#whenGone) gone();
  }

  #giveUp(why: string): void {
    if (this.#state === 'gone') return;
    if (!this.#error) this.#isGivenUp = true;
    this.#error ??= { thrown: new Error(why) };
    void this.#worker.terminate();
  }

  #drop(): void {
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    this.#owner.making.logger.warn({ thread: this.#worker.threadId }, 'messages that a worker thread sends by itself are dropped');
  }
}
