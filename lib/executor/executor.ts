import { type ActorRef, type CrashReport, type Parent, startCrashBoundary } from '../actor/index.js';
import { type Clock, HandoffError, type Timer } from '../base/index.js';
import type { StoredValue } from '../value/index.js';
import {
  type AttemptContext,
  type BlockedCall,
  type CallOutcome,
  type CallStep,
  type IsolationCall,
  type LyingCall,
  type NodePhases,
  type RunningCall,
  stoppedOutcome,
  succeededOutcome,
} from './attempts/attempt.js';
import { plusPhases } from './attempts/node-phases.js';
import { type PlacedStep, type Segment, segmentsOf } from './attempts/segments.js';
import { SlotNumbers } from './attempts/slot-numbers.js';
import { timedOutOutcome } from './attempts/timed-out.js';
import type { BuiltInRunner } from './isolation.js';
import type { AttemptTrace } from './tracing/trace-context.js';
import { isUnread } from './values/unread-file.js';
import { Uses } from './values/uses.js';

class RunningAttempt implements LyingAttempt {
  /** Of one that lies: none before it has begun. */
  slot = 0;
  readonly #attempt: Attempt;
  readonly #host: AttemptHost;
  readonly #done: (blocked: BlockedCall | undefined) => void;
  /** Of an attempt with several steps: its segments, and the values of steps that later ones need. */
  #segments: readonly Segment[] | undefined;
  #values: (StoredValue | undefined)[] | undefined;
  #at = 0;
  #tookMs = 0;
  /** What its earlier segments took, if anything but their functions did. */
  #phases: NodePhases | undefined;
  /** Only of an attempt that may time out. */
  #startedMs: number | undefined;
  #running: RunningCall | undefined;
  /** The same, of an attempt that lies or has lain. */
  #lying: LyingCall | undefined;
  #uses: Uses | undefined;
  #timer: Timer | undefined;
  #timedOut: HandoffError | undefined;
  #stopped = false;
  #outcome: CallOutcome | undefined;
  #heard: ((outcome: CallOutcome) => void) | undefined;

  constructor(attempt: Attempt, host: AttemptHost, done: (blocked: BlockedCall | undefined) => void) {
    this.#attempt = attempt;
    this.#host = host;
    this.#done = done;
    this.#uses = Uses.of(attempt.steps);
  }

  begin(slot: number): void {
    this.#begun(slot);
    const { steps } = this.#attempt;
    if (steps.length === 1) {
      this.#call(steps[0]!.isolation, this.#attempt, (outcome) => this.#settle(outcome));
    } else {
      this.#segments = segmentsOf(steps);
      this.#values = [];
      this.#nextSegment();
    }
  }

  /** Lets it lie where another runs. `begun` returns its slot. */
  lie(runner: BuiltInRunner, begun: () => number): void {
    const settle = (outcome: CallOutcome): void => this.#settle(outcome);
    this.#lying = runner.startAhead!(this.#attempt, settle, () => this.#begun(begun()));
    this.#running = this.#lying;
  }

  #begun(slot: number): void {
    this.slot = slot;
    const { timeoutMs } = this.#attempt;
    if (timeoutMs === undefined) return;
    const { clock } = this.#host;
    this.#startedMs = clock.now();
    this.#timer = clock.after(timeoutMs, () => this.#timeOut(timeoutMs));
  }

  takeBack(): boolean {
    if (!this.#lying?.takeBack()) return false;
    this.#uses?.end();
    this.#uses = undefined;
    this.#done(undefined);
    return true;
  }

  promote(): void {
    this.#lying?.promote();
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

  #lateOutcome(error: HandoffError, blocked: BlockedCall | undefined): CallOutcome {
    return timedOutOutcome(error, blocked, { loadMs: 0, runMs: this.#host.clock.now() - this.#startedMs!, packMs: 0 });
  }

  #call(name: string, call: IsolationCall, settle: (outcome: CallOutcome) => void): void {
    const isolation = this.#host.isolations.get(name)?.runner;
    if (!isolation) return settle({ type: 'failed', error: unknownIsolation(name, call.context), final: true });
    this.#running = isolation.start(call, settle);
  }

  /** Runs one segment after the other. Values that later segments need are carried along. */
  #nextSegment(): void {
    const segments = this.#segments!;
    const values = this.#values!;
    const segment = segments[this.#at]!;
    const { steps, context, trace } = this.#attempt;
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
    this.#call(segment.isolation, { context, steps: own, trace }, (outcome) => {
      const isLast = this.#at === segments.length - 1;
      if (outcome.type === 'stopped') return this.#settle(outcome);
      const tookMs = outcome.type === 'succeeded' ? outcome.tookMs : 0;
      const phases = plusPhases(this.#phases, this.#tookMs, outcome.phases, tookMs);
      if (outcome.type === 'failed') return this.#settle(phases ? { ...outcome, phases } : outcome);
      this.#phases = phases;
      this.#tookMs += tookMs;
      if (isLast) return this.#settle(succeededOutcome([outcome.values.at(-1)!], this.#tookMs, outcome.facts, phases));
      if (this.#stopped || this.#timedOut) return this.#settle({ type: 'stopped' });
      for (const [position, step] of wanted.entries()) values[step] = outcome.values[position];
      this.#at += 1;
      return this.#nextSegment();
    });
  }

  #settle(outcome: CallOutcome): void {
    this.#timer?.cancel();
    const blocked = outcome.type === 'succeeded' ? undefined : outcome.blocked;
    this.#outcome = this.#stopped ? stoppedOutcome(blocked) : this.#timedOut ? this.#lateOutcome(this.#timedOut, blocked) : outcome;
    const { ended } = this.#host;
    if (this.#outcome.type === 'stopped') ended.cancelled += 1;
    else if (this.#timedOut) ended.timedOut += 1;
    else if (!isUnread(this.#outcome)) ended[this.#outcome.type] += 1;
    this.#running = undefined;
    this.#values = undefined;
    this.#uses?.end();
    this.#uses = undefined;
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
  readonly isolations: ReadonlyMap<string, SlottedIsolation>;
  readonly clock: Clock;
  /** Reports a bug in what deals with the end of an attempt. */
  readonly crash: (error: unknown) => void;
  readonly ended: AttemptCounts;
}

/** How many attempts have ended, by outcome. */
interface AttemptCounts {
  succeeded: number;
  failed: number;
  timedOut: number;
  cancelled: number;
}

/** An isolation, and which of its slots are taken. */
interface SlottedIsolation {
  readonly runner: BuiltInRunner;
  readonly slots: SlotNumbers;
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
  /** How many attempts have ended here since the node started, of all drivers. */
  readonly ended: Readonly<AttemptCounts>;
  readonly #host: AttemptHost;
  readonly #uses: (module: string) => void;
  /** For attempts in isolations that this node does not have, which fail at once. */
  readonly #noSlots = new SlotNumbers();
  #running = 0;
  #blocked = 0;
  #idle: (() => void)[] = [];

  /**
   * `crash` receives errors of listeners to the ends of attempts. By default they are thrown into the isolation that reported the end.
   * `uses` is told of each module that an attempt is about to use; by default nobody is.
   */
  constructor(
    isolations: ReadonlyMap<string, BuiltInRunner>,
    clock: Clock,
    crash: (error: unknown) => void = rethrow,
    uses: (module: string) => void = () => {},
  ) {
    this.#uses = uses;
    const ended: AttemptCounts = { succeeded: 0, failed: 0, timedOut: 0, cancelled: 0 };
    this.ended = ended;
    const slotted = new Map([...isolations].map(([name, runner]) => [name, { runner, slots: new SlotNumbers() }]));
    this.#host = { isolations: slotted, clock, crash, ended };
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

  /**
   * Takes the lowest free slot of an isolation, for an attempt that is gathering its arguments. It is passed to `start`, or given back.
   * Slots are numbered for people who look at a run; how many attempts may run is decided by the ledger.
   */
  takeSlot(isolation: string): number {
    return this.#slotsOf(isolation).take();
  }

  /** Gives a slot back. */
  freeSlot(isolation: string, slot: number): void {
    this.#slotsOf(isolation).free(slot);
  }

  #slotsOf(isolation: string): SlotNumbers {
    return this.#host.isolations.get(isolation)?.slots ?? this.#noSlots;
  }

  /** Whether what runs in an isolation reads its arguments from their files by itself. */
  readsFiles(isolation: string): boolean {
    return this.#host.isolations.get(isolation)?.runner.readsFiles === true;
  }

  /** Starts an attempt, in the slot that was taken for it or else in the lowest free one. Never throws because of its code or values. */
  start(attempt: Attempt, takenSlot?: number): AttemptHandle {
    this.#running += 1;
    const { steps } = attempt;
    for (let step = 0; step < steps.length; step += 1) {
      const { code } = steps[step]!;
      if (typeof code !== 'function') this.#uses(code.module);
    }
    const slots = this.#slotsOf(isolationOf(attempt));
    const slot = takenSlot ?? slots.take();
    const started = new RunningAttempt(attempt, this.#host, (blocked) => this.#endedUnless(blocked, slots, slot));
    started.begin(slot);
    return started;
  }

  /** Whether attempts in an isolation may lie where others run. */
  takesAhead(isolation: string): boolean {
    return this.#host.isolations.get(isolation)?.runner.startAhead !== undefined;
  }

  /**
   * Lets an attempt lie where another one runs, if its isolation can. `begun` is called when that one has ended, and before any listener is
   * told of the end. What lies counts as running here.
   */
  startAhead(attempt: Attempt, begun: () => void): LyingAttempt | undefined {
    const [step, another] = attempt.steps;
    const { runner, slots } = this.#host.isolations.get(step!.isolation) ?? {};
    if (another || !runner?.startAhead || !slots) return undefined;
    this.#running += 1;
    if (typeof step!.code !== 'function') this.#uses(step!.code.module);
    let slot: number | undefined;
    const lying = new RunningAttempt(attempt, this.#host, (blocked) => this.#endedUnless(blocked, slots, slot));
    lying.lie(runner, () => {
      slot = slots.take();
      begun();
      return slot;
    });
    return lying;
  }

  #endedUnless(blocked: BlockedCall | undefined, slots: SlotNumbers, slot: number | undefined): void {
    if (!blocked) return this.#ended(slots, slot);
    this.#blocked += 1;
    return blocked.whenOver(() => {
      this.#blocked -= 1;
      this.#ended(slots, slot);
    });
  }

  #ended(slots: SlotNumbers, slot: number | undefined): void {
    if (slot !== undefined) slots.free(slot);
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
    const left = await Promise.all([...this.#host.isolations.values()].map(({ runner }) => runner.close()));
    return left.reduce((sum, count) => sum + count, 0);
  }
}

/** The isolation of an attempt is that of its function, which is its last step. */
export const isolationOf = ({ steps }: { readonly steps: readonly { readonly isolation: string }[] }): string =>
  steps[steps.length - 1]!.isolation;

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
  readonly trace?: AttemptTrace | undefined;
  /** The limit of the attempt, ms. */
  readonly timeoutMs: number | undefined;
  /** How long code may take to end by itself after a time-out, ms. */
  readonly stopGraceMs: number;
}

/** An attempt that lies where another runs until that one ends, or that has lain there. */
export interface LyingAttempt extends AttemptHandle {
  /** See `LyingCall`. Once it is back, nobody is told of any end. */
  takeBack(): boolean;
  promote(): void;
}

/** An attempt in progress, or over. It outlives the function actor that started it. */
export interface AttemptHandle<O = CallOutcome> {
  /** Which slot of its isolation it has on its node, from 0. One on another node has 0 until that node has told of its start or end. */
  readonly slot: number;
  /** Calls `heard` with the outcome once: when the attempt ends, or now if it has. A later listener replaces an earlier one. */
  listen(heard: (outcome: O) => void): void;
  /** Ends the attempt with the outcome `stopped`. Code that can be stopped is stopped after `graceMs`. */
  stop(reason: HandoffError, graceMs: number): void;
}
