import { type HandoffError, PassingMap, systemClock, type Timer, textOf } from '../../base/index.js';
import { countShared, packThrown, StoredValue, surfaceSize, unpackThrown } from '../../value/index.js';
import {
  type AttemptContext,
  type CallOutcome,
  type IsolationCall,
  type LyingCall,
  type RunningCall,
  stoppedOutcome,
  succeededOutcome,
} from '../attempts/attempt.js';
import type { BuiltInOptions, BuiltInRunner } from '../isolation.js';
import { UnreadFile } from '../values/unread-file.js';
import { keyAfter } from './next-calls.js';
import { packedCall } from './packed-call.js';
import type { PoolWorker, Work, WorkerEnd } from './pool-worker.js';
import type { MakeHost } from './worker-host.js';
import { type Crossing, isPlain, type ShortCall, type ToWorker, type WorkerAnswer, type WorkerCall } from './worker-messages.js';
import { WorkerPool } from './worker-pool.js';

/**
 * How long an ending worker may take before its call is given up, ms. It takes some ms, but a worker blocked in a system call does not end.
 */
const BLOCKED_MS = 1000;

/** An isolation whose calls run in a pool of workers, one at a time in each. `name` is also the word for a worker. */
export class PooledIsolation implements BuiltInRunner {
  readonly name: 'thread' | 'process';
  readonly options: BuiltInOptions;
  readonly pool: WorkerPool;
  readonly calls = new PassingMap<number, PooledCall>();
  readonly endsWithGroup: boolean;
  readonly slots: number;
  readonly readsFiles = true;
  /** Of threads only: the word of memory that decides whether a call begins is shared. */
  readonly startAhead?: NonNullable<BuiltInRunner['startAhead']>;
  #lastKey = 0;
  #isClosed = false;

  constructor(name: 'thread' | 'process', options: BuiltInOptions, { makeHost, endsWithGroup }: WorkerMaking) {
    this.name = name;
    this.options = options;
    this.endsWithGroup = endsWithGroup;
    const { threads, threadSetup, logger, onOutput, together = (work) => work() } = options;
    this.slots = threads;
    if (name === 'thread') this.startAhead = (call, settle, begun) => this.#startAhead(call, settle, begun);
    this.pool = new WorkerPool(threads, {
      noun: name,
      makeHost,
      threadSetup,
      // A real worker's start and rest are measured in the machine's time.
      clock: systemClock,
      logger,
      together,
      heardLine: ({ context, stream, text }) => onOutput(context, stream, text),
    });
  }

  start(call: IsolationCall, settle: (outcome: CallOutcome) => void): RunningCall {
    this.#lastKey = keyAfter(this.#lastKey);
    const run = new PooledCall(this, this.#lastKey, settle);
    if (this.#isClosed) run.end({ type: 'stopped' });
    else run.begin(call);
    return run;
  }

  #startAhead(call: IsolationCall, settle: (outcome: CallOutcome) => void, begun: () => void): LyingCall {
    this.#lastKey = keyAfter(this.#lastKey);
    const run = new PooledCall(this, this.#lastKey, settle, begun);
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

/** Returns a result of a worker in the form in which this node keeps it. */
function heldOf(value: Crossing): StoredValue {
  if (isPlain(value)) return StoredValue.live(value, surfaceSize(value));
  if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
  return StoredValue.packed(value);
}

/**
 * A call in the pool: waiting for a worker, running on one, or being stopped. A failure that may come from another call's leftovers in the
 * worker is not reported. The call runs once more in a fresh worker, where every failure is its own.
 */
class PooledCall implements LyingCall, Work {
  readonly key: number;
  needsFreshWorker = false;
  context!: AttemptContext;
  readonly #pooled: PooledIsolation;
  readonly #settle: (outcome: CallOutcome) => void;
  /** What is called when it begins, of a call that lies until then. */
  #whenBegun: (() => void) | undefined;
  #worker: PoolWorker | undefined;
  #wasFresh = false;
  #call: WorkerCall | ShortCall | undefined;
  /** Why there is no call for a worker: what it is given cannot cross. */
  #fault: { readonly error: unknown } | undefined;
  /** Whether it has begun at the thread at which it lay, which has not been heard. */
  #isThere = false;
  /** How it is to be stopped as soon as it is known where it has begun. */
  #stopped: { readonly reason: HandoffError; readonly graceMs: number } | undefined;
  #abort: ToWorker | undefined;
  #killing: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isDying = false;
  #isOver = false;

  constructor(pooled: PooledIsolation, key: number, settle: (outcome: CallOutcome) => void, begun?: () => void) {
    this.#pooled = pooled;
    this.#whenBegun = begun;
    this.key = key;
    this.#settle = settle;
  }

  begin(call: IsolationCall): void {
    const { key } = this;
    const { context } = call;
    this.context = context;
    try {
      this.#call = packedCall(key, call, this.#pooled.options.freeze, this.#noun);
    } catch (error) {
      this.#fault = { error };
      if (!this.#whenBegun) this.#endWithFault();
      return;
    }
    this.#pooled.calls.set(key, this);
    if (this.#whenBegun) this.#pooled.pool.lie(this);
    else this.#pooled.pool.run(this);
  }

  takenBy(worker: PoolWorker): WorkerCall | ShortCall {
    if (this.#whenBegun) return this.#call!;
    this.#worker = worker;
    this.#wasFresh = worker.isFresh;
    return this.#call!;
  }

  begun(worker: PoolWorker): void {
    this.#worker = worker;
    this.#isThere = false;
    this.#tellBegun();
    if (this.#stopped) this.stop(this.#stopped.reason, this.#stopped.graceMs);
  }

  takeBack(): boolean {
    if (this.#isOver || !this.#whenBegun || !(this.#fault || this.#pooled.pool.takeBack(this))) return false;
    this.#isOver = true;
    this.#pooled.calls.delete(this.key);
    return true;
  }

  promote(): void {
    if (!this.#whenBegun || this.#isOver) return;
    const isBack = this.#fault === undefined && this.#pooled.pool.takeBack(this);
    this.#isThere = !(isBack || this.#fault);
    this.#tellBegun();
    if (this.#fault) this.#endWithFault();
    else if (isBack) this.#pooled.pool.run(this);
  }

  #tellBegun(): void {
    const told = this.#whenBegun;
    this.#whenBegun = undefined;
    told?.();
  }

  #endWithFault(): void {
    this.end({ type: 'failed', error: this.#fault!.error, final: true });
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#isOver) return;
    if (this.#whenBegun || this.#isThere) {
      if (this.takeBack()) return this.#settle({ type: 'stopped' });
      this.#stopped = { reason, graceMs };
      return undefined;
    }
    if (!this.#abort) {
      this.#abort = { type: 'abort', key: this.key, reason: packThrown(reason) };
      if (!this.#isDying) this.#worker?.send(this.#abort);
    }
    if (this.#isDying) return;
    if (!this.#worker) {
      this.#pooled.pool.withdraw(this);
      this.end({ type: 'stopped' });
      return;
    }
    const { clock } = this.#pooled.options;
    const atMs = clock.now() + graceMs;
    if (this.#killing && this.#killing.atMs <= atMs) return;
    this.#killing?.timer.cancel();
    this.#killing = { atMs, timer: clock.after(graceMs, () => this.#endWorker({ type: 'stopped' })) };
  }

  answered(answer: WorkerAnswer): void {
    if (this.endsWorker) {
      this.#endWorker({ type: 'stopped' });
      return;
    }
    if (answer.type === 'succeeded') {
      const { tookMs, facts, phases } = answer;
      const values = answer.values.map(heldOf);
      if (facts?.digest !== undefined) values.at(-1)!.digest = facts.digest;
      this.end(succeededOutcome(values, tookMs, facts, phases));
      return;
    }
    if (answer.type === 'unread') {
      this.end({ type: 'failed', error: new UnreadFile(), final: false });
      return;
    }
    if (answer.blame !== 'own' && this.#mayRunAgain) {
      this.#isDying = true;
      const patience = this.#limit(() => failureOf(answer, this.#noun));
      this.#worker!.end(() => {
        patience.cancel();
        if (!this.#isOver) this.#runAgain(whyAgain(answer, this.#noun));
      });
      return;
    }
    const outcome = failureOf(answer, this.#noun);
    if (answer.retire) this.#endWorker(outcome);
    else this.end(outcome);
  }

  died(end: WorkerEnd): void {
    if (!isOwn(end) && this.#mayRunAgain) this.#runAgain(`its ${this.#noun} was ended, perhaps by another function`);
    else this.end({ type: 'failed', error: this.#reasonOf(end), final: false });
  }

  notStarted(cause: unknown): void {
    this.end({ type: 'failed', error: new Error(`no worker ${this.#noun} could be started: ${textOf(cause)}`, { cause }), final: false });
  }

  end(outcome: CallOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pooled.calls.delete(this.key);
    this.#killing?.timer.cancel();
    this.#call = undefined;
    this.#worker = undefined;
    this.#settle(this.#abort ? stoppedOutcome(outcome.type === 'succeeded' ? undefined : outcome.blocked) : outcome);
  }

  /** Ends the call although its worker has not ended. */
  giveUp(outcome: Extract<CallOutcome, { type: 'stopped' | 'failed' }>): void {
    const worker = this.#worker;
    this.end(worker && !worker.isGone ? { ...outcome, blocked: { what: this.#noun, whenOver: (told) => worker.end(told) } } : outcome);
  }

  get endsWorker(): boolean {
    return this.#abort !== undefined && this.#pooled.endsWithGroup;
  }

  get #noun(): string {
    return this.#pooled.name;
  }

  /** At most once: in a fresh worker the call itself is to blame. */
  get #mayRunAgain(): boolean {
    return !this.#wasFresh && !this.needsFreshWorker && !this.#abort;
  }

  #runAgain(why: string): void {
    this.#isDying = false;
    this.#worker = undefined;
    if (this.#abort) {
      this.end({ type: 'stopped' });
      return;
    }
    const { dagId, runId, functionId, attempt } = this.context;
    this.#pooled.options.logger.warn({ dagId, runId, functionId, attempt }, `the attempt is made again in another ${this.#noun}: ${why}`);
    this.needsFreshWorker = true;
    this.#pooled.pool.run(this);
  }

  #reasonOf({ error, exitCode, signal, saidOutOfMemory, exiting }: WorkerEnd): unknown {
    const cause = error && { cause: error.thrown };
    if ((signal && saidOutOfMemory) || isOutOfMemory(error?.thrown)) {
      const { threadHeapMiB } = this.#pooled.options;
      return new Error(`the function ran out of memory: the heap of its ${this.#noun} is limited to ${threadHeapMiB} MiB`, cause);
    }
    if (signal && !error) return new Error(`the process of the function was ended by ${signal}`);
    if (exiting || !error) return new Error(`the function ended its ${this.#noun}: process.exit(${exiting?.code ?? exitCode})`, cause);
    return error.thrown;
  }

  #endWorker(outcome: Extract<CallOutcome, { type: 'stopped' | 'failed' }>): void {
    // If the next call has begun, this one has ended, and its answer is on its way.
    if (this.#isOver || this.#isDying || this.#worker!.hasMovedOn) return;
    this.#isDying = true;
    const patience = this.#limit(() => outcome);
    this.#worker!.end(() => {
      patience.cancel();
      this.end(outcome);
    });
  }

  /** A worker that is blocked in a system call may not end. Callers must not wait for that. */
  #limit(outcome: () => Extract<CallOutcome, { type: 'stopped' | 'failed' }>): Timer {
    const { clock, logger } = this.#pooled.options;
    return clock.after(BLOCKED_MS, () => {
      const { dagId, runId, functionId, attempt } = this.context;
      logger.warn({ dagId, runId, functionId, attempt }, `the attempt is given up: its ${this.#noun} is blocked in a system call`);
      this.giveUp(outcome());
    });
  }
}

type FailedAnswer = Extract<WorkerAnswer, { type: 'failed' }>;

/** Converts a failure that came from a worker. */
const failureOf = ({ error, final, spoilt, phases }: FailedAnswer, noun: string): Extract<CallOutcome, { type: 'failed' }> => ({
  type: 'failed',
  error: error
    ? unpackThrown(error)
    : new Error(`the function failed, and its error cannot be passed on: ${spoilt ?? 'what packs it'} is changed in its ${noun}`),
  final,
  ...(phases && { phases }),
});

const whyAgain = ({ spoilt }: FailedAnswer, noun: string): string =>
  spoilt === null ? `an error in its ${noun} may be that of another function` : `another function has changed ${spoilt} in its ${noun}`;

const isOutOfMemory = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';

/**
 * Whether the running call caused the end of its worker. It is also blamed for running out of memory and for a signal: usually it is the
 * cause.
 */
const isOwn = ({ error, signal, exiting }: WorkerEnd): boolean =>
  exiting ? exiting.blame === 'own' : (signal !== undefined && !error) || isOutOfMemory(error?.thrown);

/** How the workers of a pooled isolation are made. */
export interface WorkerMaking {
  readonly makeHost: MakeHost;
  /** Whether everything that a function has started ends with its worker. Then the worker of a stopped call always ends. */
  readonly endsWithGroup: boolean;
}
