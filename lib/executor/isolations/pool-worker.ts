import { type Clock, type Logger, systemClock, type Timer } from '../../base/index.js';
import { type Packed, unpackThrown } from '../../value/index.js';
import type { AttemptContext } from '../attempts/attempt.js';
import type { OutputStream } from '../attempts/current-function.js';
import { LineBudget, OutputLines } from '../attempts/output-lines.js';
import { MOST_LYING } from './next-calls.js';
import { lyingAt } from './packed-call.js';
import { fromWorker } from './worker-door.js';
import type { HostEvents, MakeHost, WorkerHost } from './worker-host.js';
import type { FromWorker, ShortCall, ToWorker, WorkerAnswer, WorkerCall } from './worker-messages.js';

/**
 * How long a worker may take to start, ms. A thread takes 30 ms, a process 80 ms. But user code may run at its start too (`--import`,
 * `--require`), and may never end.
 */
const START_LIMIT_MS = 60_000;

/** How long an unreachable worker may live, ms. */
const UNREACHABLE_MS = 1000;

/** What V8 writes to standard error before it ends a process that has no memory left. */
const OUT_OF_MEMORY = /out of memory/i;

/**
 * A thread or process of a pool. It has a channel of its own, which user code does not see. Anything that comes from it otherwise is
 * dropped, and logged once.
 */
export class PoolWorker {
  readonly #owner: WorkerOwner;
  readonly #host: WorkerHost;
  readonly #starts: Timer;
  readonly #whenGone: (() => void)[] = [];
  /** What it does before it is ready, for errors. */
  readonly #loading: string;
  #state: 'starting' | 'free' | 'busy' | 'ending' | 'gone' = 'starting';
  #work: Work | undefined;
  /** What lies here, in the order in which it begins. */
  #lying: LyingWork[] = [];
  /** The place of the work, if it lay here before. */
  #place: number | undefined;
  #served = 0;
  #dropped = 0;
  #error: { readonly thrown: unknown } | undefined;
  /** Whether `#error` is ours: the reason why the worker was given up. */
  #isGivenUp = false;
  #exiting: WorkerEnd['exiting'];
  /** Output that bypassed the engine, by stream. */
  #past: Partial<Record<OutputStream, OutputLines>> | undefined;
  /** The attempt that gets that output: the running one, else the last one. */
  #writer: AttemptContext | undefined;
  #saidOutOfMemory = false;
  /** Since when it has been idle. */
  idleSinceMs = 0;

  /** Throws what making the host throws. */
  constructor(owner: WorkerOwner) {
    this.#owner = owner;
    const { makeHost, noun, threadSetup, clock } = owner.making;
    this.#loading = threadSetup === undefined ? '' : `, while it loaded threadSetup ${threadSetup}`;
    const events: HostEvents = {
      heard: (data) => this.#hear(data),
      dropped: () => this.#drop(),
      failed: (thrown) => {
        // The words of V8 and of the worker are nearer to the cause than the reason for giving it up.
        if (!this.#error || this.#isGivenUp) this.#error = { thrown };
        this.#isGivenUp = false;
      },
      // Mostly because it ends. But user code that finds the channel can close it, and the worker would be out of reach.
      closed: () => void clock.after(UNREACHABLE_MS, () => this.#giveUp(`the ${noun} has closed the port through which it is reached`)),
      wrote: (stream, bytes) => this.#lines(stream).write(bytes),
      exited: (exitCode, signal) => this.#exited(exitCode, signal),
    };
    this.#host = makeHost(events);
    this.#starts = clock.after(START_LIMIT_MS, () => this.#giveUp(`the ${noun} was not ready after ${START_LIMIT_MS} ms${this.#loading}`));
  }

  /** Whether no call has run in it yet. */
  get isFresh(): boolean {
    return this.#served === 0;
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** Whether code of a user runs in it, which may be blocked in a system call. */
  get mayBeBlocked(): boolean {
    return this.#work !== undefined || (this.#state === 'starting' && this.#loading !== '');
  }

  /** Runs the work. Only for an idle worker. */
  take(work: Work): void {
    this.#state = 'busy';
    this.#work = work;
    this.#writer = work.context;
    this.send(work.takenBy(this));
  }

  /** How many more calls may lie here until the work ends. */
  get places(): number {
    return this.#state === 'busy' && this.#host.next ? MOST_LYING - this.#lying.length : 0;
  }

  /** Lets work lie here, behind what lies here already. Only where there is a place. */
  lie(work: Work): void {
    const place = this.#host.next!.allow(work.key);
    this.#lying.push({ work, place });
    this.send(lyingAt(place, work.takenBy(this)));
  }

  /** Takes work back that lies here. Returns false if it has begun, or lies elsewhere. */
  takeBack(work: Work): boolean {
    const at = this.#lying.findIndex((one) => one.work === work);
    if (at < 0 || !this.#host.next!.takeBack(this.#lying[at]!.place, work.key)) return false;
    this.#lying.splice(at, 1);
    return true;
  }

  /** Whether what lay here has begun: the answer of the work before it is on its way. */
  get hasMovedOn(): boolean {
    const [first] = this.#lying;
    return first !== undefined && this.#host.next!.hasBegun(first.place, first.work.key);
  }

  send(message: ToWorker): void {
    this.#host.send(message);
  }

  /** While idle it does not keep the process alive. */
  rest(): void {
    this.idleSinceMs = this.#owner.making.clock.now();
    this.#host.unref();
  }

  /** It will get work soon. */
  wake(): void {
    this.#host.ref();
  }

  /** Ends it. Calls `gone` when its code has certainly ended. It gets no more work. */
  end(gone?: () => void): void {
    if (this.#state === 'gone') {
      gone?.();
      return;
    }
    if (gone) this.#whenGone.push(gone);
    if (this.#state === 'ending') return;
    this.#state = 'ending';
    this.#giveBack();
    this.#owner.retired(this);
    this.#host.end();
  }

  /** What lies here must run elsewhere. What has begun is ended with the worker, and begins again. */
  #giveBack(): void {
    const all = this.#lying;
    this.#lying = [];
    for (const { work, place } of all) this.#host.next!.takeBack(place, work.key);
    for (const { work } of all) this.#owner.givenBack(work);
  }

  #hear(data: unknown): void {
    const message = fromWorker(data);
    switch (message?.type) {
      case 'line':
        return this.#owner.making.heardLine(message);
      case 'succeeded':
      case 'failed':
      case 'unread':
        return this.#work?.key === message.key ? this.#answered(this.#work, message) : this.#drop();
      case 'ready':
        return this.#state === 'starting' ? this.#ready() : this.#drop();
      case 'not-ready':
        return this.#state === 'starting' ? this.#failedToStart(message.error) : this.#drop();
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

  #failedToStart(error: Packed | null): void {
    this.#error ??= { thrown: error ? unpackThrown(error) : new Error(`its error cannot be passed on${this.#loading}`) };
    this.#host.end();
  }

  #answered(work: Work, answer: WorkerAnswer): void {
    // It was asked to end and still answers. The caller that ends it does not wait for the answer.
    if (this.#state === 'ending') return;
    this.#work = undefined;
    this.#served += 1;
    if (this.#place !== undefined) this.#host.next!.free(this.#place);
    this.#place = undefined;
    if (this.#past) this.#flush();
    const mayGoOn = this.#state === 'busy' && !work.endsWorker && !(answer.type === 'failed' && answer.retire);
    // One that has ended may have begun what lay here first before, and answered.
    if (this.#lying.length > 0 && (mayGoOn || this.hasMovedOn)) return this.#moveOn(work, answer);
    this.#giveBack();
    // The worker gets its next work first, so that it is busy meanwhile.
    if (mayGoOn) {
      this.#state = 'free';
      this.#owner.freed(this, false);
    }
    work.answered(answer);
  }

  /** What lay here first has begun, or is about to. */
  #moveOn(work: Work, answer: WorkerAnswer): void {
    const { work: next, place } = this.#lying.shift()!;
    this.#place = place;
    this.#work = next;
    this.#writer = next.context;
    this.#owner.making.together(() => {
      work.answered(answer);
      next.begun(this);
    });
  }

  #exited(exitCode: number | null, signal: string | undefined): void {
    this.#starts.cancel();
    const before = this.#state;
    if (before !== 'ending') this.#state = 'gone';
    // Its last messages may still be on their way.
    this.#host.drain();
    this.#flush();
    this.#state = 'gone';
    this.#giveBack();
    const work = this.#work;
    this.#work = undefined;
    const end = { error: this.#error, exitCode, signal, saidOutOfMemory: this.#saidOutOfMemory, exiting: this.#exiting };
    const { noun, logger } = this.#owner.making;
    const how = `${signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`}${before === 'starting' ? this.#loading : ''}`;
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
    logger.warn({ [noun]: this.#host.id }, `messages of a worker ${noun} outside the engine's channel are dropped`);
  }
}

/** Work that lies at a worker, and its place there. */
interface LyingWork {
  readonly work: Work;
  readonly place: number;
}

/** A call for a worker. */
export interface Work {
  /** The number of the call, unique within the isolation. */
  readonly key: number;
  readonly context: AttemptContext;
  /** Whether it may only run in a worker in which nothing has run. */
  readonly needsFreshWorker: boolean;
  /** Whether the worker must not be used again, whatever it answers. The work ends it. */
  readonly endsWorker: boolean;
  /** A worker takes the work. Returns the call for the worker. */
  takenBy(worker: PoolWorker): WorkerCall | ShortCall;
  /** The work, which lay at a worker, begins there. */
  begun(worker: PoolWorker): void;
  /** The worker has answered. If it retires, it is not used again, and the work must end it. */
  answered(answer: WorkerAnswer): void;
  /** The worker has ended during the work. */
  died(end: WorkerEnd): void;
  /** There is no worker, and none can be made. */
  notStarted(cause: unknown): void;
}

/** How a worker ended by itself. */
export interface WorkerEnd {
  /** The error that nothing caught, or the reason why V8 ended the thread. */
  readonly error: { readonly thrown: unknown } | undefined;
  readonly exitCode: number | null;
  /** The signal that ended the process. */
  readonly signal: string | undefined;
  /** Whether the process reported at its end that it had no memory left. */
  readonly saidOutOfMemory: boolean;
  /** The caller of `process.exit`, if that was the reason. */
  readonly exiting: Extract<FromWorker, { type: 'exiting' }> | undefined;
}

/** The kind of a pool's workers, and how they are made. */
export interface PoolMaking {
  /** The word for a worker in texts. */
  readonly noun: 'thread' | 'process';
  readonly makeHost: MakeHost;
  /** What each loads first. */
  readonly threadSetup: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls `work`: something ends within it, and is followed by what lay behind it. */
  readonly together: (work: () => void) => void;
  readonly heardLine: (line: Omit<Extract<FromWorker, { type: 'line' }>, 'type'>) => void;
}

/** The owner of a worker, as the worker sees it. */
export interface WorkerOwner {
  readonly making: PoolMaking;
  /** The worker is idle: it has started, or has answered. */
  freed(worker: PoolWorker, hasJustStarted: boolean): void;
  /** Work that lay at a worker cannot begin there. */
  givenBack(work: Work): void;
  /** The worker accepts no more work, though it still runs. */
  retired(worker: PoolWorker): void;
  /** The worker has ended. `startFault` says why it could not start. */
  gone(worker: PoolWorker, startFault: { readonly cause: unknown } | undefined): void;
}
