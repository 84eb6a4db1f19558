import type { ActorGroup, ActorRef, GroupRef } from '../actor/index.js';
import type { AllocationStrategy, AllocationTable, Capabilities, ClaimKind, Placed } from '../allocator/index.js';
import type { Clock, HandoffError, RunId, Timer } from '../base/index.js';
import type { Plan } from '../dag/index.js';
import type { AttemptHandle, ExecutorTable } from '../executor/index.js';
import type { StoreTable } from '../store/index.js';
import type { Held } from '../value/index.js';
import { Arguments } from './arguments.js';
import { EventLog } from './event-log.js';
import { type FunctionPart, runAttempt } from './function-actor.js';
import type { RunCommand, RunHappening } from './messages.js';
import { progressOf } from './progress.js';
import type { CheckedOptions } from './run-options.js';
import { newRunState, type RunState, recover, step } from './run-state.js';
import type { Turn } from './turn.js';

/** What runs on a node share: the tables of the stations below. */
export interface RunGround {
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly allocation: AllocationTable;
  readonly executor: ExecutorTable;
  readonly store: StoreTable;
  readonly turn: Turn;
  /** Whether constants that are no values are refused even where they cross no thread. */
  readonly strict: boolean;
}

/** What a run was asked to do. */
export interface RunOrder {
  readonly runId: RunId;
  readonly plan: Plan;
  readonly options: CheckedOptions;
  readonly kinds: readonly ClaimKind[];
  readonly inputs: ReadonlyMap<string, Held>;
  /** Told once, when every attempt has ended and every claim is free. */
  readonly ended: (error: HandoffError | undefined, run: DagRun) => void;
}

/** The incarnation of the DagRunner that a run has now. */
export interface Incarnation {
  readonly ref: ActorRef<never>;
  readonly group: ActorGroup;
  /** Ends the DagRunner with an error. */
  readonly crash: (error: unknown) => void;
  /** Ends it normally: the run is over. */
  readonly finish: () => void;
}

/**
 * The table of one run: its state, its events, its attempts, and what is still to be done. It outlives every incarnation of its DagRunner:
 * what happens while none is there waits, and a command that made one crash is tried again by the next.
 */
export class DagRun implements Placed {
  readonly runId: RunId;
  readonly dagId: string;
  readonly strategy: AllocationStrategy;
  readonly takesAnyRoom: boolean;
  readonly maxConcurrency: number;
  readonly state: RunState;
  readonly events = new EventLog();
  readonly tookMs: Float64Array;
  readonly order: RunOrder;
  readonly #ground: RunGround;
  readonly #paths: Float64Array;
  readonly #arguments: Arguments;
  readonly #handles: (AttemptHandle | undefined)[];
  readonly #members: (GroupRef | undefined)[];
  readonly #rests = new Map<number, Timer>();
  /** The node on which each function holds a claim. */
  readonly #claims = new Map<number, string>();
  #incarnation: Incarnation | undefined;
  #happenings: RunHappening[] = [];
  #commands: RunCommand[] = [];
  #busy = false;
  #enrolled = false;
  #ended = false;

  constructor(order: RunOrder, paths: Float64Array, ground: RunGround) {
    const { plan, options, runId } = order;
    this.order = order;
    this.runId = runId;
    this.dagId = plan.dagId;
    this.strategy = options.strategy;
    this.takesAnyRoom = options.takesAnyRoom;
    this.maxConcurrency = options.maxConcurrency;
    this.#ground = ground;
    this.#paths = paths;
    const { maxRetries, onFailure, collected, stopGraceMs } = options;
    this.state = newRunState(runId, plan, { maxRetries, onFailure, collected, stopGraceMs });
    this.tookMs = new Float64Array(plan.size).fill(Number.NaN);
    this.#handles = new Array<AttemptHandle | undefined>(plan.size).fill(undefined);
    this.#members = new Array<GroupRef | undefined>(plan.size).fill(undefined);
    const { store } = ground;
    const ofFunction = (index: number): Held => this.#found(store.get(runId, plan.ids[index]!), plan.ids[index]!);
    const ofInput = (id: string): Held => this.#found(order.inputs.get(id), id);
    this.#arguments = new Arguments(plan, { ofFunction, ofInput }, ground.strict);
  }

  /** The DagRunner that there is now. */
  get runner(): ActorRef<never> | undefined {
    return this.#incarnation?.ref;
  }

  get progress(): ReturnType<typeof progressOf> {
    return progressOf(this.state);
  }

  /** Takes up work under a new incarnation of the DagRunner: the first begins the run, later ones go on where it stands. */
  resume(incarnation: Incarnation): void {
    this.#incarnation = incarnation;
    if (!this.#enrolled) {
      this.#enrolled = true;
      this.#ground.allocation.enrol(this);
      this.#happenings.unshift({ type: 'run-begun' });
    } else {
      this.#members.fill(undefined);
      this.#commands.push(...recover(this.state));
    }
    this.#work();
  }

  /** Something happened to the run. Applied at once, or as soon as there is a DagRunner again. */
  feed(happening: RunHappening): void {
    this.#happenings.push(happening);
    if (!this.#busy && this.#incarnation) this.#work();
  }

  /** The incarnation ended, however. */
  orphaned(incarnation: Incarnation): void {
    if (this.#incarnation === incarnation) this.#incarnation = undefined;
  }

  /**
   * Ends the run without a DagRunner, whose supervisor has given up: whatever is under way is stopped, every claim is freed, and only then
   * `ended` is told.
   */
  abandon(error: HandoffError): void {
    this.#incarnation = undefined;
    this.#commands = [];
    this.#happenings = [];
    this.state.phase = 'ended';
    this.state.error = error;
    const { allocation } = this.#ground;
    const finish = (): void => {
      if (this.#claims.size > 0) return;
      this.#end(error);
    };
    for (const index of [...this.#claims.keys()]) {
      const handle = this.#handles[index];
      const free = (): void => {
        this.#freeClaim(index);
        allocation.pump();
        finish();
      };
      if (!handle) free();
      else {
        handle.listen(free);
        handle.stop(error, 0);
      }
    }
    if (this.#claims.size === 0 && !this.#ended) this.#end(error);
  }

  functionId(index: number): string {
    return this.order.plan.ids[index]!;
  }

  /** By priority, then by the longest remaining path, then by id, so that a run is reproducible. */
  compare(a: number, b: number): number {
    const { specs, ids } = this.order.plan;
    const byPriority = (specs[b]!.priority ?? 0) - (specs[a]!.priority ?? 0);
    if (byPriority !== 0) return byPriority;
    const byPath = this.#paths[b]! - this.#paths[a]!;
    if (byPath !== 0) return byPath;
    return ids[a]! < ids[b]! ? -1 : 1;
  }

  bytesToMove(): number {
    return 0;
  }

  granted(index: number, node: string): void {
    this.#claims.set(index, node);
    this.feed({ type: 'function-placed', index, node });
  }

  refused(index: number, error: HandoffError): void {
    this.feed({ type: 'placement-refused', index, error });
  }

  isReady(index: number): boolean {
    return this.state.states[index] === 'ready';
  }

  waits(index: number, lacking: Capabilities): void {
    this.feed({ type: 'function-waited', index, lacking });
  }

  /** Applies what happened, then does what the brain wants, in order; then the allocator looks whether something fits. */
  #work(): void {
    const incarnation = this.#incarnation!;
    const { clock, allocation } = this.#ground;
    this.#busy = true;
    try {
      for (;;) {
        for (let at = 0; at < this.#commands.length; at += 1) {
          try {
            this.#perform(this.#commands[at]!, incarnation);
          } catch (error) {
            this.#commands = this.#commands.slice(at);
            throw error;
          }
        }
        this.#commands = [];
        const happenings = this.#happenings;
        if (happenings.length === 0) break;
        this.#happenings = [];
        const moment = { nowMs: clock.now(), wallMs: clock.wallNow() };
        for (const happening of happenings) step(this.state, happening, moment, this.#commands);
      }
    } catch (error) {
      this.#crash(error);
    } finally {
      this.#busy = false;
    }
    allocation.pump();
  }

  /** A bug of ours: the DagRunner ends with it, and its supervisor decides. */
  #crash(error: unknown): void {
    const incarnation = this.#incarnation;
    this.#incarnation = undefined;
    incarnation?.crash(error);
  }

  #perform(command: RunCommand, { group }: Incarnation): void {
    const { allocation, store, clock } = this.#ground;
    switch (command.type) {
      case 'request-claim':
        return allocation.request(this.runId, command.index, this.order.kinds[command.index]!);
      case 'free-claim':
        return this.#freeClaim(command.index);
      case 'start-attempt':
        return this.#startAttempt(command.index, command.attempt, group);
      case 'stop-attempt':
        return this.#stopAttempt(command);
      case 'rest-function': {
        const { index, attempt, delayMs } = command;
        const rest = clock.after(delayMs, () => {
          this.#rests.delete(index);
          this.feed({ type: 'function-rested', index, attempt });
        });
        this.#rests.set(index, rest);
        return;
      }
      case 'drop-value':
        return store.release(this.runId, this.functionId(command.index));
      case 'announce':
        return this.events.add(command.event);
      case 'end-run':
        return this.#end(command.error);
    }
  }

  #freeClaim(index: number): void {
    const node = this.#claims.get(index);
    if (node === undefined) return;
    this.#claims.delete(index);
    this.#ground.allocation.free(this.runId, node, this.order.kinds[index]!);
  }

  #end(error: HandoffError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const rest of this.#rests.values()) rest.cancel();
    this.#ground.allocation.leave(this.runId);
    this.#incarnation?.finish();
    this.order.ended(error, this);
  }

  /** One supervised actor for the function; the attempt it stands for is started by it, or taken over from the one before. */
  #startAttempt(index: number, attempt: number, group: ActorGroup): void {
    if (this.#members[index]?.alive || this.state.attempts[index] !== attempt) return;
    const part: FunctionPart = {
      start: () => this.#attemptHandle(index, attempt),
      started: () => this.feed({ type: 'attempt-started', index, attempt }),
      ended: (outcome) => {
        this.#handles[index] = undefined;
        this.#members[index] = undefined;
        if (outcome.type === 'stopped') return this.feed({ type: 'attempt-stopped', index, attempt });
        if (outcome.type === 'failed') {
          const { error, final } = outcome;
          return this.feed({ type: 'attempt-failed', index, attempt, error, final, random: this.#ground.random() });
        }
        const value = outcome.values[0]!;
        const { tookMs } = outcome;
        this.tookMs[index] = tookMs;
        this.#ground.store.put(this.runId, this.functionId(index), value);
        return this.feed({
          type: 'attempt-succeeded',
          index,
          attempt,
          receipt: { node: this.#ground.node, sizeBytes: value.sizeBytes, tookMs },
        });
      },
      // The attempt goes on: another actor takes over, unless the whole DagRunner is gone, whose successor sees to it.
      orphaned: (reason) => {
        if (this.#incarnation?.group !== group) return;
        if (reason === 'killed') this.#startAttempt(index, attempt, group);
        else this.#crash(reason);
      },
    };
    const member = runAttempt(group, this.functionId(index), part, this.#ground.turn);
    if (member.alive) this.#members[index] = member;
  }

  #attemptHandle(index: number, attempt: number): AttemptHandle {
    const known = this.#handles[index];
    if (known) return known;
    const { node, executor } = this.#ground;
    const { plan, options, runId } = this.order;
    const handle = executor.start({
      context: { dagId: plan.dagId, runId, functionId: this.functionId(index), attempt, node },
      steps: this.#arguments.steps(index, node),
      timeoutMs: plan.specs[index]!.timeoutMs,
      stopGraceMs: options.stopGraceMs,
    });
    this.#handles[index] = handle;
    return handle;
  }

  #stopAttempt({ index, attempt, reason, graceMs }: Extract<RunCommand, { type: 'stop-attempt' }>): void {
    const handle = this.#handles[index];
    if (handle) return handle.stop(reason, graceMs);
    this.#members[index]?.stop('shutdown');
    this.#members[index] = undefined;
    this.feed({ type: 'attempt-stopped', index, attempt });
  }

  #found(value: Held | undefined, id: string): Held {
    if (!value) throw new Error(`the value of "${id}" is gone although function actors still need it`);
    return value;
  }
}
