import { Worker } from 'node:worker_threads';
import { type HandoffError, PassingMap, systemClock, type Timer, textOf } from '../../base/index.js';
import { countShared, packThrown, StoredValue, surfaceSize, unpackThrown } from '../../value/index.js';
import { type Call, type Outcome, type Running, stoppedOutcome } from '../attempts/attempt.js';
import { threadEnvironment } from '../code/typescript-loader.js';
import type { IsolationOptions, IsolationRunner } from '../isolation.js';
import type { PoolThread, ThreadEnd, ThreadMaking, Work } from './pool-thread.js';
import {
  type Crossing,
  type CrossingInput,
  isPlain,
  type ThreadAnswer,
  type ThreadCall,
  type ThreadStep,
  type ToThread,
} from './thread-messages.js';
import { ThreadPool } from './thread-pool.js';

/**
 * How long a thread that is told to end may take before its call is given up, ms. It takes some ms, but while it is blocked in a system
 * call it does not end.
 */
const BLOCKED_MS = 1000;

const ENTRY = new URL('./thread-entry.mjs', import.meta.url);

/**
 * Worker threads: a function cannot block the node's loop, and is ended with its thread when it does not end by itself. A thread runs one
 * call at a time; it lives on for the next one, unless its code ended it, left an error behind that nobody caught, or had to be stopped.
 * Values cross as bytes, large ones in memory that threads share, and stay packed here. `makeWorker`: for specs, how a thread is made.
 */
export const threadIsolation = (options: IsolationOptions, makeWorker?: ThreadMaking['makeWorker']): IsolationRunner =>
  new Threads(options, makeWorker);

class Threads implements IsolationRunner {
  readonly name = 'thread';
  readonly options: IsolationOptions;
  readonly pool: ThreadPool;
  readonly calls = new PassingMap<number, ThreadRun>();
  #lastKey = 0;
  #isClosed = false;

  constructor(options: IsolationOptions, makeWorker?: ThreadMaking['makeWorker']) {
    this.options = options;
    const { root, node, threads, threadHeapMiB, freeze, logger, onOutput } = options;
    const make: ThreadMaking['makeWorker'] = (given) => {
      const env = threadEnvironment(root);
      return new Worker(ENTRY, env ? { ...given, env } : given);
    };
    this.pool = new ThreadPool(threads, {
      makeWorker: makeWorker ?? make,
      setUp: { root, node, freeze },
      heapMiB: threadHeapMiB,
      // How long a real thread takes to start, and rests, is measured in the machine's time.
      clock: systemClock,
      logger,
      heardLine: ({ context, stream, text }) => onOutput(context, stream, text),
    });
  }

  start(call: Call, settle: (outcome: Outcome) => void): Running {
    this.#lastKey += 1;
    const run = new ThreadRun(this, this.#lastKey, settle);
    if (this.#isClosed) run.end({ type: 'stopped' });
    else run.begin(call);
    return run;
  }

  async close(): Promise<number> {
    this.#isClosed = true;
    const blocked = await this.pool.close();
    for (const run of [...this.calls.values()]) run.giveUp({ type: 'stopped' });
    return blocked;
  }
}

/** What came out of a thread, as it is held here. */
function heldOf(value: Crossing): StoredValue {
  if (isPlain(value)) return StoredValue.live(value, surfaceSize(value));
  if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
  return StoredValue.packed(value);
}

/**
 * A call in the pool: waiting for a thread, running on one, or being stopped. A failure that may come from what another call left behind in
 * the thread is not reported: the call runs once more, in a fresh thread, where whatever happens is its own.
 */
class ThreadRun implements Running, Work {
  readonly key: number;
  needsFreshThread = false;
  readonly #threads: Threads;
  readonly #settle: (outcome: Outcome) => void;
  #thread: PoolThread | undefined;
  #wasFresh = false;
  #call: ThreadCall | undefined;
  #abort: ToThread | undefined;
  #killing: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isDying = false;
  #isOver = false;

  constructor(threads: Threads, key: number, settle: (outcome: Outcome) => void) {
    this.#threads = threads;
    this.key = key;
    this.#settle = settle;
  }

  begin({ context, steps }: Call): void {
    const { key } = this;
    try {
      const { dagId, runId, functionId, attempt } = context;
      this.#call = { type: 'call', key, dagId, runId, functionId, attempt, steps: steps.map((step) => this.#packed(step, functionId)) };
    } catch (error) {
      this.end({ type: 'failed', error, final: true });
      return;
    }
    this.#threads.calls.set(key, this);
    this.#threads.pool.run(this);
  }

  takenBy(thread: PoolThread): ThreadCall {
    this.#thread = thread;
    this.#wasFresh = thread.isFresh;
    return this.#call!;
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#isOver) return;
    if (!this.#abort) {
      this.#abort = { type: 'abort', key: this.key, reason: packThrown(reason) };
      if (!this.#isDying) this.#thread?.send(this.#abort);
    }
    if (this.#isDying) return;
    if (!this.#thread) {
      this.#threads.pool.withdraw(this);
      this.end({ type: 'stopped' });
      return;
    }
    const { clock } = this.#threads.options;
    const atMs = clock.now() + graceMs;
    if (this.#killing && this.#killing.atMs <= atMs) return;
    this.#killing?.timer.cancel();
    this.#killing = { atMs, timer: clock.after(graceMs, () => this.#endThread({ type: 'stopped' })) };
  }

  answered(answer: ThreadAnswer): void {
    if (answer.type === 'succeeded') {
      this.end({ type: 'succeeded', values: answer.values.map(heldOf), tookMs: answer.tookMs });
      return;
    }
    if (answer.blame !== 'own' && this.#mayRunAgain) {
      this.#isDying = true;
      const patience = this.#limit(() => failureOf(answer));
      this.#thread!.end(() => {
        patience.cancel();
        if (!this.#isOver) this.#runAgain(whyAgain(answer));
      });
      return;
    }
    const outcome = failureOf(answer);
    if (answer.retire) this.#endThread(outcome);
    else this.end(outcome);
  }

  died(end: ThreadEnd): void {
    if (!isOwn(end) && this.#mayRunAgain) this.#runAgain('its thread was ended, perhaps by another function');
    else this.end({ type: 'failed', error: this.#reasonOf(end), final: false });
  }

  notStarted(cause: unknown): void {
    this.end({ type: 'failed', error: new Error(`no worker thread could be started: ${textOf(cause)}`, { cause }), final: false });
  }

  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#threads.calls.delete(this.key);
    this.#killing?.timer.cancel();
    this.#call = undefined;
    this.#thread = undefined;
    this.#settle(this.#abort ? stoppedOutcome(outcome.type === 'succeeded' ? undefined : outcome.blocked) : outcome);
  }

  /** Ends the call although its thread has not ended. */
  giveUp(outcome: Extract<Outcome, { type: 'stopped' | 'failed' }>): void {
    const thread = this.#thread;
    this.end(thread && !thread.isGone ? { ...outcome, blocked: { whenOver: (told) => thread.end(told) } } : outcome);
  }

  /** Once at most: in a fresh thread nobody else is to blame. */
  get #mayRunAgain(): boolean {
    return !this.#wasFresh && !this.needsFreshThread && !this.#abort;
  }

  #runAgain(why: string): void {
    this.#isDying = false;
    this.#thread = undefined;
    if (this.#abort) {
      this.end({ type: 'stopped' });
      return;
    }
    const { dagId, runId, functionId, attempt } = this.#call!;
    this.#threads.options.logger.warn({ dagId, runId, functionId, attempt }, `the attempt is made again in another thread: ${why}`);
    this.needsFreshThread = true;
    this.#threads.pool.run(this);
  }

  #packed({ role, functionId, code, inputs, asList, extra, wanted }: Call['steps'][number], consumer: string): ThreadStep {
    if (typeof code === 'function') throw new TypeError(`Cannot run "${functionId}" in a thread: it is a plain function`);
    const { freeze } = this.#threads.options;
    const crossing = (held: StoredValue, where: string): CrossingInput => {
      const plain = held.isPacked ? held : held.open(false);
      return { value: isPlain(plain) ? plain : held.pack(where), freeze: freeze && held.origin === 'result' };
    };
    const step: { -readonly [F in keyof ThreadStep]: ThreadStep[F] } = { module: code.module, name: code.name };
    if (role !== 'function') step.role = role;
    if (functionId !== consumer) step.functionId = functionId;
    if (inputs.length > 0) step.inputs = inputs.map((input, at) => (typeof input === 'number' ? input : crossing(input, `argument ${at}`)));
    if (asList) step.asList = true;
    if (extra) step.extra = crossing(extra, 'extraArgs');
    if (wanted) step.wanted = true;
    return step;
  }

  #reasonOf({ error, exitCode, exiting }: ThreadEnd): unknown {
    if (exiting || !error) {
      return new Error(`the function ended its thread: process.exit(${exiting?.code ?? exitCode})`, error && { cause: error.thrown });
    }
    if (!isOutOfMemory(error.thrown)) return error.thrown;
    const { threadHeapMiB } = this.#threads.options;
    return new Error(`the function ran out of memory: the heap of its thread is limited to ${threadHeapMiB} MiB`, { cause: error.thrown });
  }

  #endThread(outcome: Extract<Outcome, { type: 'stopped' | 'failed' }>): void {
    if (this.#isOver || this.#isDying) return;
    this.#isDying = true;
    const patience = this.#limit(() => outcome);
    this.#thread!.end(() => {
      patience.cancel();
      this.end(outcome);
    });
  }

  /** A thread that is blocked in a system call does not end when it is told to: nobody is to wait for that. */
  #limit(outcome: () => Extract<Outcome, { type: 'stopped' | 'failed' }>): Timer {
    const { clock, logger } = this.#threads.options;
    return clock.after(BLOCKED_MS, () => {
      const { dagId, runId, functionId, attempt } = this.#call!;
      logger.warn({ dagId, runId, functionId, attempt }, 'the attempt is given up: its thread is blocked in a system call');
      this.giveUp(outcome());
    });
  }
}

type FailedAnswer = Extract<ThreadAnswer, { type: 'failed' }>;

/** A failure as it came from a thread. */
const failureOf = ({ error, final, spoilt }: FailedAnswer): Extract<Outcome, { type: 'failed' }> => ({
  type: 'failed',
  error: error
    ? unpackThrown(error)
    : new Error(`the function failed, and its error cannot be passed on: ${spoilt ?? 'what packs it'} is changed in its thread`),
  final,
});

const whyAgain = ({ spoilt }: FailedAnswer): string =>
  spoilt === null ? 'an error in its thread may be that of another function' : `another function has changed ${spoilt} in its thread`;

const isOutOfMemory = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';

/** Whether a thread has ended for what the call that ran did. It is also blamed for running out of memory: mostly it is the one. */
const isOwn = ({ error, exiting }: ThreadEnd): boolean => (exiting ? exiting.blame === 'own' : isOutOfMemory(error?.thrown));
