import { type ActorRef, type CrashReport, type Parent, startCrashBoundary } from '../actor/index.js';
import { type Clock, HandoffError, type Timer } from '../base/index.js';
import type { StoredValue } from '../value/index.js';
import {
  type AttemptContext,
  type BlockedCall,
  type CallOutcome,
  type CallStep,
  type IsolationCall,
  type RunningCall,
  stoppedOutcome,
} from './attempts/attempt.js';
import { blockedText } from './attempts/blocked-text.js';
import { type PlacedStep, type Segment, segmentsOf } from './attempts/segments.js';
import type { IsolationRunner } from './isolation.js';

class RunningAttempt implements AttemptHandle {
  readonly #attempt: Attempt;
  readonly #host: AttemptHost;
  readonly #done: (blocked: BlockedCall | undefined) => void;
  /** Of an attempt with several steps: its segments, and the values of steps that later ones need. */
  #segments: readonly Segment[] | undefined;
  #values: (StoredValue | undefined)[] | undefined;
  #at = 0;
  #tookMs = 0;
  #running: RunningCall | undefined;
  #timer: Timer | undefined;
  #timedOut: HandoffError | undefined;
  #stopped = false;
  #outcome: CallOutcome | undefined;
  #heard: ((outcome: CallOutcome) => void) | undefined;

  constructor(attempt: Attempt, host: AttemptHost, done: (blocked: BlockedCall | undefined) => void) {
    this.#attempt = attempt;
    this.#host = host;
    this.#done = done;
    const { timeoutMs, steps } = attempt;
    if (timeoutMs !== undefined) this.#timer = host.clock.after(timeoutMs, () => this.#timeOut(timeoutMs));
    if (steps.length === 1) {
      this.#call(steps[0]!.isolation, attempt, (outcome) => this.#settle(outcome));
    } else {
      this.#segments = segmentsOf(steps);
      this.#values = [];
      this.#nextSegment();
    }
  }

  listen(heard: (outcome: CallOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#outcome) return;
    this.#stopped = true;
    this.#running?.stop(reason, graceMs);
  }

  #timeOut(timeoutMs: number): void {
    if (this.#outcome || this.#stopped) return;
    const { functionId, dagId, runId, node } = this.#attempt.context;
    const message = `Function "${functionId}" timed out: it took longer than ${timeoutMs} ms`;
    this.#timedOut = new HandoffError('HANDOFF_FUNCTION_TIMEOUT', message, { dagId, runId, functionId, node });
    this.#running?.stop(this.#timedOut, this.#attempt.stopGraceMs);
  }

  #call(name: string, call: IsolationCall, settle: (outcome: CallOutcome) => void): void {
    const isolation = this.#host.isolations.get(name);
    if (!isolation) return settle({ type: 'failed', error: unknownIsolation(name, call.context), final: true });
    this.#running = isolation.start(call, settle);
  }

  /** Runs one segment after the other. Values that later segments need are carried along. */
  #nextSegment(): void {
    const segments = this.#segments!;
    const values = this.#values!;
    const segment = segments[this.#at]!;
    const { steps, context } = this.#attempt;
    const neededLater = new Set(segments.slice(this.#at + 1).flatMap((later) => later.steps.flatMap((step) => steps[step]!.inputs)));
    const wanted: number[] = [];
    const own = segment.steps.map((step): CallStep => {
      const isWanted = neededLater.has(step) || step === steps.length - 1;
      if (isWanted) wanted.push(step);
      const inputs = steps[step]!.inputs.map((input) => {
        if (typeof input !== 'number') return input;
        const inside = segment.steps.indexOf(input);
        return inside >= 0 ? inside : values[input]!;
      });
      return { ...steps[step]!, inputs, wanted: isWanted };
    });
    this.#call(segment.isolation, { context, steps: own }, (outcome) => {
      const isLast = this.#at === segments.length - 1;
      if (outcome.type !== 'succeeded') return this.#settle(outcome);
      this.#tookMs += outcome.tookMs;
      if (isLast) {
        const { values: made, facts } = outcome;
        return this.#settle({ type: 'succeeded', values: [made.at(-1)!], tookMs: this.#tookMs, facts });
      }
      if (this.#stopped || this.#timedOut) return this.#settle({ type: 'stopped' });
      for (const [position, step] of wanted.entries()) values[step] = outcome.values[position];
      this.#at += 1;
      return this.#nextSegment();
    });
  }

  #settle(outcome: CallOutcome): void {
    this.#timer?.cancel();
    const blocked = outcome.type === 'succeeded' ? undefined : outcome.blocked;
    this.#outcome = this.#stopped ? stoppedOutcome(blocked) : this.#timedOut ? timedOutOutcome(this.#timedOut, blocked) : outcome;
    this.#running = undefined;
    this.#values = undefined;
    this.#done(blocked);
    try {
      this.#heard?.(this.#outcome);
    } catch (error) {
      this.#host.crash(error);
    }
  }
}

/** What attempts need of their node. */
interface AttemptHost {
  readonly isolations: ReadonlyMap<string, IsolationRunner>;
  readonly clock: Clock;
  /** Reports a bug in what deals with the end of an attempt. */
  readonly crash: (error: unknown) => void;
}

/** Returns the outcome of a time-out. It says so if the function's code goes on. */
function timedOutOutcome(error: HandoffError, blocked: BlockedCall | undefined): CallOutcome {
  if (!blocked) return { type: 'failed', error, final: false };
  const { message, code, dagId, runId, functionId, node } = error;
  const still = `${message}; ${blockedText(blocked.what)}`;
  return { type: 'failed', error: new HandoffError(code, still, { dagId, runId, functionId, node }), final: false, blocked };
}

/** The driver has an isolation that this node lacks. */
const unknownIsolation = (isolation: string, { functionId, node }: AttemptContext): HandoffError =>
  new HandoffError(
    'HANDOFF_CODE_NOT_FOUND',
    `Cannot run function "${functionId}": node "${node}" has no isolation ${JSON.stringify(isolation)}`,
    { functionId, node },
  );

/**
 * The table behind the Executor actor: the isolations of this node, and how many attempts they run. It outlives each incarnation of the
 * actor, so a crash ends no attempt. Attempts start within the caller's turn.
 */
export class Executor {
  readonly #host: AttemptHost;
  #running = 0;
  #blocked = 0;
  #idle: (() => void)[] = [];

  /** `crash` receives errors of listeners to the ends of attempts. By default they are thrown into the isolation that reported the end. */
  constructor(isolations: ReadonlyMap<string, IsolationRunner>, clock: Clock, crash: (error: unknown) => void = rethrow) {
    this.#host = { isolations, clock, crash };
  }

  /** The number of attempts in progress, including those that were given up while their code goes on. */
  get running(): number {
    return this.#running;
  }

  /** The number of attempts that were given up while their code goes on: a thread is blocked, or an isolation does not end it. */
  get blocked(): number {
    return this.#blocked;
  }

  /**
   * Returns where the (de)serializer of an edge runs that belongs to a function in this isolation: in a thread, on a node that has no such
   * isolation.
   */
  isolationFor(isolation: string): string {
    return this.#host.isolations.has(isolation) ? isolation : 'thread';
  }

  /** Starts an attempt. Never throws because of the attempt's own code or values. */
  start(attempt: Attempt): AttemptHandle {
    this.#running += 1;
    return new RunningAttempt(attempt, this.#host, (blocked) => {
      if (!blocked) return this.#ended();
      this.#blocked += 1;
      return blocked.whenOver(() => {
        this.#blocked -= 1;
        this.#ended();
      });
    });
  }

  #ended(): void {
    this.#running -= 1;
    if (this.#running > 0 || this.#idle.length === 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const told of idle) told();
  }

  /** Calls `told` once when no attempt is in progress, or now if none is. */
  whenIdle(told: () => void): void {
    if (this.#running === 0) told();
    else this.#idle.push(told);
  }

  /**
   * Closes every isolation, and so ends everything that still runs. Resolves to the number of calls that could not be ended: of threads and
   * processes that are blocked in a system call, and of isolations that do not end them.
   */
  async close(): Promise<number> {
    const left = await Promise.all([...this.#host.isolations.values()].map((isolation) => isolation.close()));
    return left.reduce((sum, count) => sum + count, 0);
  }
}

const rethrow = (error: unknown): never => {
  throw error;
};

/**
 * Starts the supervised Executor: the crash boundary of attempts. It ends with the error of whatever deals with the end of an attempt, for
 * which the whole process would end otherwise. A crash ends no attempt.
 */
export const startExecutor = (parent: Parent): Promise<ActorRef<CrashReport>> => startCrashBoundary(parent, 'Executor');

/** One try at a function, as an executor runs it. The last step is the function itself; all steps come after those they need. */
export interface Attempt {
  readonly context: AttemptContext;
  readonly steps: readonly PlacedStep[];
  /** The limit of the attempt, ms. */
  readonly timeoutMs: number | undefined;
  /** How long code may take to end by itself after a time-out, ms. */
  readonly stopGraceMs: number;
}

/** An attempt in progress, or over. It outlives the function actor that started it. */
export interface AttemptHandle<O = CallOutcome> {
  /** Calls `heard` with the outcome once: when the attempt ends, or now if it has. A later listener replaces an earlier one. */
  listen(heard: (outcome: O) => void): void;
  /** Ends the attempt with the outcome `stopped`. Code that can be stopped is stopped after `graceMs`. */
  stop(reason: HandoffError, graceMs: number): void;
}
