import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type HandoffError, newId, PassingMap, type Timer, textOf } from '../../base/index.js';
import { countShared, Held, packThrown, surfaceSize, unpackThrown } from '../../value/index.js';
import type { Call, Outcome, Running } from '../attempt.js';
import type { Isolation, IsolationOptions } from '../isolation.js';
import {
  type Crossing,
  type CrossingInput,
  isPlain,
  type ThreadAnswer,
  type ThreadCall,
  type ThreadLine,
  type ThreadSetUp,
  type ThreadSignal,
  type ThreadStep,
} from './thread-messages.js';

/** How long a thread that has nothing to do is kept, ms: longer than the pauses within a run, as a thread takes some 30 ms to start. */
const IDLE_MS = 10_000;

/**
 * Worker threads: a function cannot block the node's loop, and is ended with its thread when it does not end by itself. A thread runs one
 * call at a time; it lives on for the next one, unless its code ended it, left an error behind that nobody caught, or had to be stopped.
 * Values cross as bytes, large ones in memory that threads share, and stay packed here.
 */
export const threadIsolation = (options: IsolationOptions): Isolation => new Threads(options);

class Threads implements Isolation {
  readonly name = 'thread';
  readonly options: IsolationOptions;
  readonly calls = new PassingMap<number, ThreadRun>();
  #pool: Piscina | undefined;
  #channel: InstanceType<typeof BroadcastChannel> | undefined;
  readonly #doomed = new Set<number>();
  #lastKey = 0;
  #isClosed = false;

  constructor(options: IsolationOptions) {
    this.options = options;
  }

  start(call: Call, settle: (outcome: Outcome) => void): Running {
    this.#lastKey += 1;
    const run = new ThreadRun(this, this.#lastKey, settle);
    if (this.#isClosed) run.end({ type: 'stopped' });
    else run.begin(call, this.#pool ?? this.#open());
    return run;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
    for (const run of [...this.calls.values()]) run.end({ type: 'stopped' });
    this.#channel?.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  tell(signal: ThreadSignal): void {
    this.#channel?.postMessage(signal);
  }

  /** Ends a thread; `gone` is called when its code has ended for sure. The pool gives it nothing more to do. */
  end(threadId: number, gone: () => void): void {
    const worker: Worker | undefined = this.#pool?.threads.find((thread) => thread.threadId === threadId);
    if (!worker) return gone();
    this.#doomed.add(threadId);
    worker.once('exit', () => {
      this.#doomed.delete(threadId);
      gone();
    });
    void worker.terminate();
  }

  #open(): Piscina {
    const { root, node, threads, threadHeapMiB, strict, freeze, logger } = this.options;
    const channelName = `handoff ${newId()}`;
    const channel = new BroadcastChannel(channelName);
    channel.unref();
    channel.onmessage = (event) => {
      if ((event as { data: ThreadSignal }).data.type !== 'listening') return;
      for (const run of this.calls.values()) run.repeatAbort();
    };
    this.#channel = channel;
    const setUp: ThreadSetUp = { root, node, channel: channelName, strict, freeze };
    const pool = new Piscina({
      filename: fileURLToPath(new URL('./thread-entry.mjs', import.meta.url)),
      name: 'run',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: threadHeapMiB },
      workerData: setUp,
      loadBalancer: (task, workers) => {
        const free = workers.find((worker) => worker.currentUsage === 0 && !this.#doomed.has(worker.id));
        if (free) takenBy(task).threadId = free.id;
        return free ?? null;
      },
    });
    pool.on('message', (line: ThreadLine) => this.#hear(line));
    // A thread that could not even start: its call would wait for it for ever.
    pool.on('error', (error: Error) => {
      logger.error({ err: error }, 'a worker thread could not start');
      for (const run of [...this.calls.values()]) run.notStarted(error);
    });
    this.#pool = pool;
    return pool;
  }

  #hear({ key, context, stream, text }: ThreadLine): void {
    this.options.onOutput(context, stream, text);
    this.calls.get(key)?.heardLine();
  }
}

/** What came out of a thread, as it is held here. */
function heldOf(value: Crossing): Held {
  if (isPlain(value)) return Held.live(value, surfaceSize(value));
  if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
  return Held.packed(value);
}

/** The call behind a task of the pool. */
const takenBy = (task: object): ThreadRun => (task as Record<symbol, ThreadRun>)[Piscina.queueOptionsSymbol]!;

/** A call in the pool: waiting for a thread, running on one, or being stopped. */
class ThreadRun implements Running {
  readonly key: number;
  /** The thread that took it. */
  threadId: number | undefined;
  readonly #threads: Threads;
  readonly #settle: (outcome: Outcome) => void;
  #call: { -readonly [F in keyof ThreadCall]: ThreadCall[F] } | undefined;
  #abort: ThreadSignal | undefined;
  #killing: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isDying = false;
  #isOver = false;
  #linesHeard = 0;
  #waitingForLines: { readonly lines: number; readonly outcome: Outcome } | undefined;

  constructor(threads: Threads, key: number, settle: (outcome: Outcome) => void) {
    this.#threads = threads;
    this.key = key;
    this.#settle = settle;
  }

  begin({ context, steps }: Call, pool: Piscina): void {
    const { key } = this;
    try {
      const { dagId, runId, functionId, attempt } = context;
      this.#call = { key, dagId, runId, functionId, attempt, steps: steps.map((step) => this.#packed(step, functionId)) };
    } catch (error) {
      this.end({ type: 'failed', error, final: true });
      return;
    }
    this.#threads.calls.set(key, this);
    const task = { ...this.#call, [Piscina.queueOptionsSymbol]: this };
    this.#call = task;
    pool.run(task).then(
      (answer: ThreadAnswer) => this.#answered(answer),
      (error: Error) => this.#died(error),
    );
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#isOver || this.#isDying) return;
    if (this.threadId === undefined) {
      if (this.#call) this.#call.skip = true;
      this.end({ type: 'stopped' });
      return;
    }
    if (!this.#abort) {
      this.#abort = { type: 'abort', key: this.key, reason: packThrown(reason) };
      this.#threads.tell(this.#abort);
    }
    const { clock } = this.#threads.options;
    const atMs = clock.now() + graceMs;
    if (this.#killing && this.#killing.atMs <= atMs) return;
    this.#killing?.timer.cancel();
    this.#killing = { atMs, timer: clock.after(graceMs, () => this.#endThread({ type: 'stopped' })) };
  }

  repeatAbort(): void {
    if (this.#abort) this.#threads.tell(this.#abort);
  }

  heardLine(): void {
    this.#linesHeard += 1;
    const waiting = this.#waitingForLines;
    if (waiting && waiting.lines <= this.#linesHeard) this.end(waiting.outcome);
  }

  notStarted(cause: Error): void {
    if (this.threadId !== undefined) return;
    if (this.#call) this.#call.skip = true;
    this.end({ type: 'failed', error: new Error(`no worker thread could be started: ${textOf(cause)}`, { cause }), final: false });
  }

  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#threads.calls.delete(this.key);
    this.#killing?.timer.cancel();
    this.#call = undefined;
    this.#settle(this.#abort ? { type: 'stopped' } : outcome);
  }

  #packed({ role, functionId, code, inputs, asList, extra, wanted }: Call['steps'][number], consumer: string): ThreadStep {
    if (typeof code === 'function') throw new TypeError(`Cannot run "${functionId}" in a thread: it is a plain function`);
    const { freeze } = this.#threads.options;
    const crossing = (held: Held, where: string): CrossingInput => {
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

  #answered(answer: ThreadAnswer): void {
    if (this.#isDying) return;
    const outcome: Outcome =
      answer.type === 'succeeded'
        ? { type: 'succeeded', values: answer.values.map(heldOf), tookMs: answer.tookMs }
        : { type: 'failed', error: unpackThrown(answer.error), final: answer.final };
    if (answer.type === 'failed' && answer.retire) this.#endThread(outcome);
    else if (answer.lines > this.#linesHeard) this.#waitingForLines = { lines: answer.lines, outcome };
    else this.end(outcome);
  }

  /** The thread ended under the call: the pool says how. */
  #died(error: Error): void {
    if (this.#isDying) return;
    if (this.#threads.isClosed) this.end({ type: 'stopped' });
    else this.end({ type: 'failed', error: this.#reasonOf(error), final: false });
  }

  #reasonOf(error: Error & { code?: unknown }): Error {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const { threadHeapMiB } = this.#threads.options;
      return new Error(`the function ran out of memory: the heap of its thread is limited to ${threadHeapMiB} MiB`, { cause: error });
    }
    const exitCode = /^worker exited with code: (\d+)$/.exec(error.message)?.[1];
    return exitCode === undefined ? error : new Error(`the function ended its thread: process.exit(${exitCode})`, { cause: error });
  }

  #endThread(outcome: Outcome): void {
    if (this.#isOver || this.#isDying) return;
    this.#isDying = true;
    this.#threads.end(this.threadId!, () => this.end(outcome));
  }
}
