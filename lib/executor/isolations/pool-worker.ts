import { type Clock, type Logger, systemClock, type Timer } from '../../base/index.js';
import type { AttemptContext } from '../attempts/attempt.js';
import type { OutputStream } from '../attempts/current-function.js';
import { LineBudget, OutputLines } from '../attempts/output-lines.js';
import { fromWorker } from './worker-door.js';
import type { HostEvents, MakeHost, WorkerHost } from './worker-host.js';
import type { FromWorker, ToWorker, WorkerAnswer, WorkerCall } from './worker-messages.js';

/**
 * How long a worker may take to start, ms. A thread takes 30 ms, a process 80 ms; but code of users runs at its start too (`--import`,
 * `--require`), and may never end.
 */
const START_LIMIT_MS = 60_000;

/** How long a worker may live that cannot be reached any more, ms. */
const UNREACHABLE_MS = 1000;

/** What V8 writes to standard error before it ends a process for want of memory. */
const OUT_OF_MEMORY = /out of memory/i;

/** A call for a worker. */
export interface Work {
  readonly key: number;
  readonly context: AttemptContext;
  /** Whether it may only run in a worker in which nothing ran before. */
  readonly needsFreshWorker: boolean;
  /** Whether the worker is not to be used again, whatever it answers: the work ends it. */
  readonly endsWorker: boolean;
  /** A worker takes it. Returns what the worker is to run. */
  takenBy(worker: PoolWorker): WorkerCall;
  /** The worker has answered. One that is to retire is not used again, and is to be ended by the work. */
  answered(answer: WorkerAnswer): void;
  /** The worker has ended under it. */
  died(end: WorkerEnd): void;
  /** There is no worker, and none can be made. */
  notStarted(cause: unknown): void;
}

/** How a worker came to its end by itself. */
export interface WorkerEnd {
  /** What was thrown that nobody caught, or why V8 has ended the thread. */
  readonly error: { readonly thrown: unknown } | undefined;
  readonly exitCode: number | null;
  /** The signal that ended the process. */
  readonly signal: string | undefined;
  /** Whether the process has said at its end that it had no memory left. */
  readonly saidOutOfMemory: boolean;
  /** Who has called `process.exit`, if that is the reason. */
  readonly exiting: Extract<FromWorker, { type: 'exiting' }> | undefined;
}

/** What the workers of a pool are, and are made with. */
export interface PoolMaking {
  /** What one is called in texts. */
  readonly noun: 'thread' | 'process';
  readonly makeHost: MakeHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heardLine: (line: Omit<Extract<FromWorker, { type: 'line' }>, 'type'>) => void;
}

/** Whoever has made a worker, as the worker sees it. */
export interface WorkerOwner {
  readonly making: PoolMaking;
  /** The worker has nothing to do: it has started, or has answered. */
  freed(worker: PoolWorker, hasJustStarted: boolean): void;
  /** The worker takes no more work, though it still runs. */
  retired(worker: PoolWorker): void;
  /** The worker has ended. `startFault`: why it could not even start. */
  gone(worker: PoolWorker, startFault: { readonly cause: unknown } | undefined): void;
}

/**
 * A thread or process of a pool. It is reached by a way of its own that code of users does not see. Whatever else comes from it is dropped,
 * and told to the log once.
 */
export class PoolWorker {
  readonly #owner: WorkerOwner;
  readonly #host: WorkerHost;
  readonly #starts: Timer;
  readonly #whenGone: (() => void)[] = [];
  #state: 'starting' | 'free' | 'busy' | 'ending' | 'gone' = 'starting';
  #work: Work | undefined;
  #served = 0;
  #dropped = 0;
  #error: { readonly thrown: unknown } | undefined;
  /** Whether `#error` is ours: why the thread was given up. */
  #isGivenUp = false;
  #exiting: WorkerEnd['exiting'];
  /** What was written past the engine, by stream. */
  #past: Partial<Record<OutputStream, OutputLines>> | undefined;
  /** To whom that is attributed: to whoever runs, else to whoever ran last. */
  #writer: AttemptContext | undefined;
  #saidOutOfMemory = false;
  /** Since when it has had nothing to do. */
  idleSinceMs = 0;

  /** Throws what making the host throws. */
  constructor(owner: WorkerOwner) {
    this.#owner = owner;
    const { makeHost, noun, clock } = owner.making;
    const events: HostEvents = {
      heard: (data) => this.#hear(data),
      dropped: () => this.#drop(),
      failed: (thrown) => {
        // What V8 and the worker say themselves is nearer to the cause than why it was given up.
        if (!this.#error || this.#isGivenUp) this.#error = { thrown };
        this.#isGivenUp = false;
      },
      // Mostly as it ends; but code that finds the way can close it, and nothing would be heard of the worker any more.
      closed: () => void clock.after(UNREACHABLE_MS, () => this.#giveUp(`the ${noun} has closed the port through which it is reached`)),
      wrote: (stream, bytes) => this.#lines(stream).write(bytes),
      exited: (exitCode, signal) => this.#exited(exitCode, signal),
    };
    this.#host = makeHost(events);
    this.#starts = clock.after(START_LIMIT_MS, () => this.#giveUp(`the ${noun} was not ready after ${START_LIMIT_MS} ms`));
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
    this.#writer = work.context;
    this.send(work.takenBy(this));
  }

  send(message: ToWorker): void {
    this.#host.send(message);
  }

  /** While it has nothing to do, it does not keep the process alive. */
  rest(): void {
    this.idleSinceMs = this.#owner.making.clock.now();
    this.#host.unref();
  }

  /** It is about to get work. */
  wake(): void {
    this.#host.ref();
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
    this.#host.end();
  }

  #hear(data: unknown): void {
    const message = fromWorker(data);
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

  #answered(work: Work, answer: WorkerAnswer): void {
    // It was told to end and still answers. The caller that ends it does not wait for the answer.
    if (this.#state === 'ending') return;
    this.#work = undefined;
    this.#served += 1;
    if (this.#past) this.#flush();
    const mayGoOn = this.#state === 'busy' && !work.endsWorker && !(answer.type === 'failed' && answer.retire);
    // First of all the thread gets its next work, so that it has something to do meanwhile.
    if (mayGoOn) {
      this.#state = 'free';
      this.#owner.freed(this, false);
    }
    work.answered(answer);
  }

  #exited(exitCode: number | null, signal: string | undefined): void {
    this.#starts.cancel();
    const before = this.#state;
    if (before !== 'ending') this.#state = 'gone';
    // Its last words may still be on their way.
    this.#host.drain();
    this.#flush();
    this.#state = 'gone';
    const work = this.#work;
    this.#work = undefined;
    const end = { error: this.#error, exitCode, signal, saidOutOfMemory: this.#saidOutOfMemory, exiting: this.#exiting };
    const { noun, logger } = this.#owner.making;
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
    const cause = this.#error ? this.#error.thrown : new Error(`the ${noun} ${how}`);
    this.#owner.gone(this, before === 'starting' ? { cause } : undefined);
    if (before === 'busy' && work) work.died(end);
    else if (before === 'free') logger.warn({ err: cause }, `a worker ${noun} ended while no function ran in it`);
    for (const gone of this.#whenGone) gone();
  }

  #lines(stream: OutputStream): OutputLines {
    this.#past ??= {};
    this.#past[stream] ??= new OutputLines(new LineBudget(() => systemClock.now()), (text) => {
      if (OUT_OF_MEMORY.test(text)) this.#saidOutOfMemory = true;
      const { heardLine, logger, noun } = this.#owner.making;
      if (this.#writer) heardLine({ context: this.#writer, stream, text });
      else logger.warn({ stream }, `a worker ${noun}: ${text}`);
    });
    return this.#past[stream];
  }

  #flush(): void {
    this.#past?.stdout?.flush();
    this.#past?.stderr?.flush();
  }

  #giveUp(why: string): void {
    if (this.#state === 'gone') return;
    if (!this.#error) this.#isGivenUp = true;
    this.#error ??= { thrown: new Error(why) };
    this.#host.end();
  }

  #drop(): void {
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    const { noun, logger } = this.#owner.making;
    logger.warn({ [noun]: this.#host.id }, `messages that a worker ${noun} sends by itself are dropped`);
  }
}
