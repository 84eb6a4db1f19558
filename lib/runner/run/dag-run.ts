import type { ActorGroup, ActorRef, GroupRef } from '../../actor/index.js';
import type { AllocationStrategy, AllocatorClient, Capabilities, ClaimClass } from '../../allocator/index.js';
import { AttemptLoan } from '../../allocator/index.js';
import { type HandoffError, type RunId, type Timer, Trampoline } from '../../base/index.js';
import { type AttemptHandle, type Blocked, type RemoteOutcome, startGathered } from '../../executor/index.js';
import type { RunCommand, RunHappening } from '../brain/messages.js';
import { progressOf } from '../brain/progress.js';
import { newRunState, type RunState } from '../brain/run-state.js';
import { recoverRun, stepRun } from '../brain/run-step.js';
import { EventLog } from '../events/event-log.js';
import { sayBlocked } from '../runs/run-endings.js';
import { Arguments } from './arguments.js';
import { happeningOf } from './attempt-end.js';
import { ClaimsHeld } from './claims-held.js';
import { CodeRefusals } from './code-refusals.js';
import { type FunctionPart, runAttempt } from './function-actor.js';
import { NodeReturnWaits } from './node-return-waits.js';
import { RemoteSide } from './remote-side.js';
import { compareInRun, type RunDeps, type RunJob, type RunnerIncarnation, type StartAttempt, type WaitingClaim } from './run-job.js';
import { RunValues } from './run-values.js';
import { moreWaitingIn, waitingIn } from './waiting.js';

/**
 * The table of one run: its state, its events, its attempts, and what is still to be done. It outlives every incarnation of its DagRunner:
 * what happens while none is there waits, and a command that made one crash is tried again by the next.
 */
export class DagRun implements AllocatorClient {
  readonly runId: RunId;
  readonly dagId: string;
  readonly strategy: AllocationStrategy;
  readonly takesAnyRoom: boolean;
  readonly state: RunState;
  readonly events: EventLog;
  readonly tookMs: Float64Array;
  readonly order: RunJob;
  readonly #deps: RunDeps;
  readonly #paths: Float64Array;
  readonly #arguments: Arguments;
  readonly #places: NodeReturnWaits;
  readonly #values: RunValues;
  readonly #farSide: RemoteSide;
  readonly #codeRefusals: CodeRefusals;
  readonly #handles: (AttemptHandle<RemoteOutcome> | undefined)[];
  readonly #members: (GroupRef | undefined)[];
  /** By function; -1: the turn that is taken. */
  readonly #rests = new Map<number, Timer>();
  readonly #claims: ClaimsHeld;
  /** What functions on this node hold that have started runs themselves. */
  #loans: Map<number, AttemptLoan> | undefined;
  /** The functions whose thread is blocked although their attempt is over. */
  #blocked: Set<string> | undefined;
  #incarnation: RunnerIncarnation | undefined;
  #happenings: RunHappening[] = [];
  #commands: RunCommand[] = [];
  /** What a command brings about within its call is applied after those that came before. */
  readonly #turns = new Trampoline();
  #enrolled = false;
  #ended = false;

  constructor(order: RunJob, paths: Float64Array, deps: RunDeps) {
    const { plan, options, runId } = order;
    this.order = order;
    this.runId = runId;
    this.dagId = plan.dagId;
    // It begins, each function is ready, starts and ends, it ends.
    this.events = new EventLog(runId, plan.dagId, 3 * plan.size + 2);
    this.strategy = options.strategy;
    this.takesAnyRoom = options.strategy.takesAnyRoom === true;
    this.#deps = deps;
    this.#paths = paths;
    const { maxRetries, onFailure, collected, stopGraceMs } = options;
    const mayRetry = (index: number): boolean => (plan.specs[index]!.maxRetries ?? maxRetries) > 0;
    this.state = newRunState(runId, plan, { maxRetries, onFailure, collected, stopGraceMs });
    this.tookMs = new Float64Array(plan.size).fill(Number.NaN);
    this.#handles = new Array<AttemptHandle<RemoteOutcome> | undefined>(plan.size).fill(undefined);
    this.#members = new Array<GroupRef | undefined>(plan.size).fill(undefined);
    this.#claims = new ClaimsHeld(plan.size);
    this.#values = new RunValues({ runId, plan, inputs: order.inputs, nodes: this.state.nodes, collected, mayRetry }, deps);
    const { allocation, clock, logger } = deps;
    const feed = (happening: RunHappening): void => this.feed(happening);
    this.#codeRefusals = new CodeRefusals(this, allocation);
    this.#farSide = new RemoteSide(this, this.#values, deps, feed, this.#codeRefusals);
    this.#arguments = new Arguments(plan, this.#values, order.constants);
    this.#places = new NodeReturnWaits(order.kinds, options.lostNodeWaitMs, { allocation, clock, logger, ids: plan.ids }, feed);
  }

  /** The DagRunner that there is now. */
  get runner(): ActorRef<never> | undefined {
    return this.#incarnation?.ref;
  }

  /** Nothing is placed before all that can begin has: the first in the run's order may be the last of them. */
  get maxConcurrency(): number {
    return this.state.begunTo < this.state.plan.size ? 0 : this.order.options.maxConcurrency;
  }

  get progress(): ReturnType<typeof progressOf> {
    return progressOf(this.state);
  }

  /** Takes up work under a new incarnation of the DagRunner: the first begins the run, later ones go on where it stands. */
  resume(incarnation: RunnerIncarnation): void {
    this.#incarnation = incarnation;
    if (!this.#enrolled) {
      this.#enrolled = true;
      this.#deps.allocation.addRun(this);
      this.#happenings.unshift({ type: 'run-begun' });
    } else {
      this.#members.fill(undefined);
      this.#commands.push(...recoverRun(this.state));
    }
    this.#work();
  }

  /** Something happened to the run. Applied at once, or as soon as there is a DagRunner again. */
  feed(happening: RunHappening): void {
    this.#happenings.push(happening);
    if (this.#incarnation) this.#work();
  }

  /** The incarnation ended, however. */
  orphaned(incarnation: RunnerIncarnation): void {
    if (this.#incarnation === incarnation) this.#incarnation = undefined;
  }

  /** Ends the run after its supervisor has given up on the DagRunner: stops what is under way, frees every claim, then reports the end. */
  abandon(error: HandoffError): void {
    this.#incarnation = undefined;
    this.#commands = [];
    this.#happenings = [];
    this.state.phase = 'ended';
    this.state.error = error;
    const { allocation } = this.#deps;
    const finish = (): void => {
      if (this.#claims.count === 0) this.#end(error);
    };
    for (const index of this.#claims.indices) {
      const handle = this.#handles[index];
      const free = (outcome?: RemoteOutcome): void => {
        if (outcome && 'blocked' in outcome && outcome.blocked) this.#keepClaim(index, outcome.blocked);
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
    if (this.#claims.count === 0 && !this.#ended) this.#end(error);
  }

  /** What an attempt on this node holds, so that it can be lent; nothing for one that is over. */
  loanFor(functionId: string, attempt: number): AttemptLoan | undefined {
    const index = this.order.plan.indexOf.get(functionId);
    if (index === undefined || this.state.attempts[index] !== attempt || this.#claims.nodeOf(index) !== this.#deps.node) return undefined;
    this.#loans ??= new Map();
    const loan = this.#loans.get(index) ?? new AttemptLoan(this.#deps.allocation, this.order.kinds[index]!);
    this.#loans.set(index, loan);
    return loan;
  }

  functionId(index: number): string {
    return this.order.plan.ids[index]!;
  }

  compare(a: number, b: number): number {
    return compareInRun(this.order.plan, this.#paths, a, b);
  }

  get whereabouts(): RunValues {
    return this.#values;
  }

  granted(index: number, node: string, _claim: ClaimClass, mayQueue: boolean): void {
    this.#claims.add(index, node, mayQueue);
    this.#places.found(index);
    this.feed({ type: 'function-placed', index, node });
  }

  refused(index: number, error: HandoffError): void {
    this.feed({ type: 'placement-refused', index, error });
  }

  memberLeaving(node: string): void {
    this.#farSide.leaving(node, this.state);
  }

  /** A member is gone: what only it had is lost, what only it could run waits for its return. */
  memberGone(node: string): void {
    const indices = this.#values.nodeGone(node, this.state);
    if (indices.length > 0) this.feed({ type: 'values-lost', indices });
    this.#places.memberGone(this.state.states);
  }

  /** What is ready, and waits for room. */
  waiting(): WaitingClaim[] {
    return waitingIn(this.state, this.order.kinds, this.#deps.allocation);
  }

  /** How many wait beside those. */
  get moreWaiting(): number {
    return moreWaitingIn(this.state);
  }

  isReady(index: number): boolean {
    return this.state.states[index] === 'ready';
  }

  wait(indices: readonly number[], lacking: Capabilities): void {
    this.feed({ type: 'functions-waited', indices, lacking });
  }

  /** Applies what happened, then does what the brain wants, in order; then the allocator looks whether something fits. */
  #work(): void {
    const incarnation = this.#incarnation!;
    const { clock, allocation } = this.#deps;
    if (!this.#turns.enter()) return;
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
        for (const happening of happenings) stepRun(this.state, happening, moment, this.#commands);
      }
      this.#farSide.flush();
    } catch (error) {
      this.#crash(error);
    } finally {
      this.#turns.leave();
    }
    allocation.pump();
  }

  /** A bug of ours: the DagRunner ends with it, and its supervisor decides. */
  #crash(error: unknown): void {
    const incarnation = this.#incarnation;
    this.#incarnation = undefined;
    incarnation?.crash(error);
  }

  #perform(command: RunCommand, { group }: RunnerIncarnation): void {
    const { allocation, clock } = this.#deps;
    switch (command.type) {
      case 'request-claim': {
        const error = this.#codeRefusals.of(command.index);
        if (error) return this.feed({ type: 'placement-refused', index: command.index, error });
        allocation.request(this.runId, command.index, this.order.kinds[command.index]!);
        return this.#places.asked(command.index);
      }
      case 'withdraw-claim':
        this.#places.found(command.index);
        return allocation.withdraw(this.runId, command.index, this.order.kinds[command.index]!);
      case 'free-claim':
        return this.#freeClaim(command.index);
      case 'start-attempt':
        return this.#startAttempt(command.index, command.attempt, group);
      case 'stop-attempt':
        return this.#stopAttempt(command);
      case 'take-turn':
        return void this.#rests.set(
          -1,
          clock.after(0, () => this.feed({ type: 'turn-taken' })),
        );
      case 'rest-function': {
        const { index, attempt, delayMs } = command;
        const rested = (): void => {
          this.#rests.delete(index);
          this.feed({ type: 'function-rested', index, attempt });
        };
        return void this.#rests.set(index, clock.after(delayMs, rested));
      }
      case 'fetch-value':
        return this.#farSide.fetch(command.index, this.functionId(command.index), command.attempt);
      case 'drop-value':
        this.#values.drop(command.index);
        return this.#farSide.release(command.index, this.functionId(command.index));
      case 'announce':
        return this.events.add(command.event);
      case 'end-run':
        return this.#end(command.error);
    }
  }

  #freeClaim(index: number): void {
    const node = this.#claims.remove(index);
    if (node === undefined) return;
    const loan = this.#loans?.get(index);
    if (loan) this.#loans!.delete(index);
    this.#deps.allocation.free(this.runId, node, this.order.kinds[index]!, loan?.close() ?? false);
  }

  /** The attempt was given up, and its code goes on: what it holds is free when that is over, even if the run is by then. */
  #keepClaim(index: number, blocked: Blocked): void {
    const node = this.#claims.remove(index);
    if (node === undefined) return;
    this.#blocked ??= new Set();
    const ids = this.#blocked;
    ids.add(this.functionId(index));
    blocked.whenOver(() => {
      const { allocation } = this.#deps;
      ids.delete(this.functionId(index));
      allocation.free(this.runId, node, this.order.kinds[index]!);
      allocation.pump();
    });
  }

  #end(error: HandoffError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error && this.#blocked?.size) sayBlocked(error, [...this.#blocked]);
    for (const rest of this.#rests.values()) rest.cancel();
    this.#places.close();
    this.#farSide.end(error ? 0 : this.order.options.retainMs);
    this.#deps.allocation.removeRun(this.runId);
    this.#incarnation?.finish();
    this.order.ended(error);
  }

  /** One supervised actor for the function; the attempt it stands for is started by it, or taken over from the one before. */
  #startAttempt(index: number, attempt: number, group: ActorGroup): void {
    if (this.#members[index]?.alive || this.state.attempts[index] !== attempt) return;
    const part: FunctionPart = {
      start: () => this.#attemptHandle(index, attempt),
      ended: (outcome) => {
        this.#handles[index] = undefined;
        this.#members[index] = undefined;
        if (outcome.type !== 'succeeded' && outcome.type !== 'kept') {
          if ('blocked' in outcome && outcome.blocked) this.#keepClaim(index, outcome.blocked);
          return this.feed(happeningOf(this.state, index, attempt, outcome, this.#deps.random()));
        }
        const value = outcome.type === 'succeeded' ? outcome.values[0]! : undefined;
        const { tookMs } = outcome;
        const sizeBytes = outcome.type === 'kept' ? outcome.sizeBytes : value!.sizeBytes;
        this.tookMs[index] = tookMs;
        this.#values.made(index, sizeBytes);
        this.#deps.allocation.made(this.state.nodes[index]!, sizeBytes);
        if (value) this.#values.keep(index, value);
        const receipt = { node: this.state.nodes[index]!, sizeBytes, tookMs, isHere: value !== undefined };
        this.feed({ type: 'attempt-succeeded', index, attempt, receipt });
        return this.#farSide.made(index, this.functionId(index), receipt);
      },
      // The attempt goes on: another actor takes over, unless the whole DagRunner is gone, whose successor sees to it.
      orphaned: (reason) => {
        if (this.#incarnation?.group !== group) return;
        if (reason === 'killed') this.#startAttempt(index, attempt, group);
        else this.#crash(reason);
      },
    };
    const turn = this.state.nodes[index] === this.#deps.node ? this.#deps.turn : undefined;
    const member = runAttempt(group, this.functionId(index), part, turn);
    if (member.alive) this.#members[index] = member;
  }

  #attemptHandle(index: number, attempt: number): AttemptHandle<RemoteOutcome> {
    const known = this.#handles[index];
    if (known) return known;
    const { plan, options, runId } = this.order;
    const node = this.state.nodes[index]!;
    const context = { dagId: plan.dagId, runId, functionId: this.functionId(index), attempt, node };
    const { timeoutMs } = plan.specs[index]!;
    const { stopGraceMs } = options;
    const start: StartAttempt = (told) => {
      const started = (): void => {
        this.feed({ type: 'attempt-started', index, attempt });
        told?.();
      };
      const isHere = node === this.#deps.node;
      if (isHere) started();
      const steps = this.#arguments.steps(index, node, attempt);
      if (isHere) return startGathered({ context, steps, timeoutMs, stopGraceMs, via: undefined }, this.#deps);
      const mayQueue = this.#claims.mayQueue(index);
      const { costs, slot } = this.order.kinds[index]!;
      const attemptThere = { context, steps, costs, slot, mayQueue, timeoutMs, stopGraceMs };
      return this.#farSide.start(index, attemptThere, this.order.kinds[index]!, started);
    };
    const handle = this.#deps.wrapAttempt?.(context, start) ?? start();
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
}
