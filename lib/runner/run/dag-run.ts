import Denque from 'denque';
import type { ActorGroup, ActorRef, ExitReason } from '../../actor/index.js';
import type { AheadOfRun, AllocationStrategy, AllocatorClient, AttemptLoan, Capabilities, ClaimClass } from '../../allocator/index.js';
import { type HandoffError, type RunId, Trampoline, textOf } from '../../base/index.js';
import { thrownData } from '../../value/index.js';
import type { InputFacts, RunCommand, RunHappening } from '../brain/messages.js';
import { progressOf } from '../brain/progress.js';
import { isDoneAtOnce, recover } from '../brain/recover.js';
import { type Moment, newRunState, type RunState } from '../brain/run-state.js';
import { stepRun } from '../brain/run-step.js';
import { endState } from '../durable/record/record-end.js';
import { EventLog } from '../events/event-log.js';
import type { AttemptColumns } from '../observed/attempt-columns.js';
import { ObservedDagRun } from '../observed/observed-dag-run.js';
import { mayRemember } from '../remember/run-results.js';
import { sayBlocked } from '../runs/run-endings.js';
import { tracerOf } from '../trace/tracing.js';
import { closeParts, type DagRunParts, dagRunParts } from './dag-run-parts.js';
import type { AttemptsOf } from './function-attempts.js';
import { liveEvent, liveRunError } from './live-errors.js';
import type { RunColumns } from './run-columns.js';
import { policyOf, type RunDeps, type RunJob, type RunnerIncarnation, type WaitingClaim } from './run-job.js';
import { RunOrder } from './run-order.js';
import { RunTablesView } from './run-tables-view.js';
import { takeUp } from './take-up.js';
import type { RunValues } from './values/run-values.js';
import { moreWaitingIn, waitingIn } from './waiting.js';

/**
 * The table of one run: its state, its events, its attempts, and its outstanding work. It outlives every incarnation of its DagRunner.
 * Events that occur while there is none wait. The next one makes the outstanding commands again from the state, with `recover`; the command
 * that crashed its predecessor is repeated.
 */
export class DagRun implements AllocatorClient {
  readonly runId: RunId;
  readonly dagId: string;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  readonly strategy: AllocationStrategy;
  readonly takesAnyRoom: boolean;
  readonly urgency: RunOrder;
  readonly ahead: AheadOfRun;
  readonly state: RunState;
  readonly events: EventLog;
  /** Its attempts that are over. */
  readonly attempts: AttemptColumns;
  readonly order: RunJob;
  readonly #deps: RunDeps;
  readonly #columns: RunColumns;
  readonly #parts: DagRunParts;
  #incarnation: RunnerIncarnation | undefined;
  readonly #happenings = new Denque<RunHappening>();
  #commands: RunCommand[] = [];
  /** Events that a command causes within its call are applied after the earlier ones. */
  readonly #turns = new Trampoline();
  #enrolled = false;
  /** Whether a new DagRunner is there that has not taken the run over yet. */
  #isRecovering = false;
  #isAbandoned = false;
  /** Called with every happening; `undefined` if the run is not traced. */
  readonly #trace: ReturnType<typeof tracerOf>;
  #ended = false;
  /** Grows whenever something has happened. */
  changes = 0;
  #observed: ObservedDagRun | undefined;

  constructor(order: RunJob, columns: RunColumns, deps: RunDeps) {
    const { plan, options, runId, epoch } = order;
    this.order = order;
    this.runId = runId;
    this.dagId = plan.dagId;
    this.epoch = epoch;
    this.strategy = options.strategy;
    this.takesAnyRoom = options.strategy.takesAnyRoom === true;
    this.#deps = deps;
    this.#columns = columns;
    this.state = newRunState(runId, plan.shape, policyOf(order, deps.node, mayRemember(order, deps)), columns.state);
    this.urgency = new RunOrder(plan, columns, this.state);
    this.#trace = tracerOf(this.state);
    const orphaned: AttemptsOf['orphaned'] = (index, attempt, group, reason) => this.#actorEnded(index, attempt, group, reason);
    this.#parts = dagRunParts(this, columns, deps, orphaned);
    this.attempts = this.#parts.measured.history;
    this.ahead = this.#parts.attempts.ahead;
    // The run starts and ends; each function becomes ready, starts and ends. One that grows adds some more.
    this.events = new EventLog(runId, plan.dagId, 3 * plan.size + (plan.added ? 18 : 2), this.attempts);
  }

  /** The present DagRunner. */
  get runner(): ActorRef<never> | undefined {
    return this.#incarnation?.ref;
  }

  /**
   * Nothing is placed before all functions that can be ready are: the first in the run's order may be the last to become ready. Nor is
   * anything placed once the run is ending, or while a durable run cannot be recorded.
   */
  get maxConcurrency(): number {
    const { phase, begunTo, plan } = this.state;
    if (phase !== 'open' || begunTo < plan.size || this.order.recorder?.mayStart === false) return 0;
    return this.order.options.maxConcurrency;
  }

  get progress(): ReturnType<typeof progressOf> {
    return progressOf(this.state);
  }

  /** For each function the duration of its last attempt, ms; NaN if none has succeeded. */
  get tookMs(): Float64Array {
    return this.#columns.tookMs;
  }

  /** Returns the run as it may be looked at, also after its end. */
  observe(): ObservedDagRun {
    this.#observed ??= new ObservedDagRun(new RunTablesView(this, this.#parts, this.#columns, this.#deps));
    return this.#observed;
  }

  /** Continues under a new incarnation of the DagRunner. The first one begins the run. */
  resume(incarnation: RunnerIncarnation): void {
    if (this.#isAbandoned) return incarnation.finish();
    this.#incarnation = incarnation;
    if (this.#enrolled) this.#isRecovering = true;
    else {
      this.#enrolled = true;
      this.#deps.allocation.addRun(this);
      return this.#begin();
    }
    this.#work();
  }

  #begin(): void {
    const { recorder, past } = this.order;
    if (recorder) recorder.times = this.#parts.measured;
    const recalled = past && takeUp(past, { job: this.order, values: this.#parts.values, farSide: this.#parts.farSide }, this.#deps);
    this.#parts.results?.recalled(recalled?.successes);
    const begun = (inputs?: readonly InputFacts[]): void => {
      this.#parts.values.ownInputs();
      this.#happenings.unshift({ type: 'run-begun', ...(recalled && { recalled }), ...(inputs && { inputs }) });
      if (this.#incarnation) this.#work();
    };
    if (this.#parts.askedInputs) this.#parts.askedInputs.find(begun, (error) => this.end(error, 0));
    else begun();
    recorder?.listen({
      recorded: (successes) => this.feed({ type: 'successes-recorded', successes }),
      lost: (error) => this.feed({ type: 'journal-lost', error: thrownData(error) }),
      paused: () => this.#parts.results?.paused(),
      resumed: () => this.#deps.allocation.pump(),
    });
  }

  /** Applies an event at once, or as soon as there is a DagRunner again. */
  feed(happening: RunHappening): void {
    this.#happenings.push(happening);
    if (this.#incarnation || this.#isAbandoned) this.#work();
  }

  /** The same for several events. */
  feedAll(happenings: readonly RunHappening[]): void {
    for (const one of happenings) this.#happenings.push(one);
    if (this.#incarnation || this.#isAbandoned) this.#work();
  }

  /** Ends the run with `error` once every attempt has ended. They get `graceMs` to end by themselves. */
  end(error: HandoffError, graceMs: number): void {
    this.feed({ type: 'run-ending', error: thrownData(error), graceMs });
  }

  /** The incarnation has ended, in whatever way. */
  orphaned(incarnation: RunnerIncarnation): void {
    if (this.#incarnation === incarnation) this.#incarnation = undefined;
  }

  /** Ends a run whose DagRunner was given up: stops attempts, frees claims, reports the end. Failed commands are logged and left out. */
  abandon(error: HandoffError): void {
    this.#incarnation = undefined;
    this.#isAbandoned = true;
    this.#commands = this.#commands.filter(isDoneAtOnce);
    this.#happenings.unshift({ type: 'run-abandoned', error: thrownData(error) });
    this.#work();
  }

  /** Returns the loan of an attempt on this node, or `undefined` if the attempt is over. */
  loanFor(functionId: string, attempt: number): AttemptLoan | undefined {
    const index = this.order.plan.indexOf.get(functionId);
    return index === undefined ? undefined : this.#parts.attempts.loanFor(index, attempt);
  }

  functionId(index: number): string {
    return this.order.plan.ids[index]!;
  }

  compare(a: number, b: number): number {
    return this.urgency.compare(a, b);
  }

  get whereabouts(): RunValues {
    return this.#parts.values;
  }

  granted(index: number, node: string, _claim: ClaimClass, mayQueue: boolean): void {
    this.#parts.places.found(index);
    this.feed({ type: 'function-placed', index, node, mayQueue });
  }

  refused(index: number, error: HandoffError): void {
    this.feed({ type: 'placement-refused', index, error: thrownData(error) });
  }

  memberLeaving(node: string): void {
    this.#parts.farSide.leaving(node, this.state);
  }

  /** A member is gone. Values that only it had are lost; functions that only it could run wait for its return. */
  memberGone(node: string): void {
    const indices = this.#parts.values.nodeGone(node, this.state);
    if (indices.length > 0) this.feed({ type: 'values-lost', indices });
    this.#parts.places.memberGone(this.state.states);
  }

  /** Returns the ready functions that wait for room. */
  waiting(): WaitingClaim[] {
    return waitingIn(this.state, this.order.kinds, this.#deps.allocation);
  }

  /** Returns how many more functions wait. */
  get moreWaiting(): number {
    return moreWaitingIn(this.state);
  }

  isReady(index: number): boolean {
    return this.state.states[index] === 'ready';
  }

  wait(indices: readonly number[], lacking: Capabilities): void {
    this.feed({ type: 'functions-waited', indices, lacking });
  }

  /** Applies events, then performs the brain's commands in order, then lets the allocator grant claims. */
  #work(): void {
    if (!this.#turns.enter()) return;
    try {
      if (this.#isRecovering) this.#recover();
      for (;;) {
        this.#performAll();
        if (this.#happenings.length === 0) break;
        this.#applyAll();
      }
      this.#parts.farSide.flush();
      this.#parts.results?.flush();
    } catch (error) {
      this.#crash(error);
    } finally {
      this.#turns.leave();
    }
    this.#deps.allocation.pump();
  }

  /** Events that occurred while there was no DagRunner come first: one may answer a command that would be repeated. */
  #recover(): void {
    const { allocation } = this.#deps;
    this.#isRecovering = false;
    this.#applyAll();
    this.#parts.attempts.orphaned();
    this.#parts.timers.clear();
    allocation.withdrawAll(this.runId);
    this.#commands = [...this.#commands.filter(isDoneAtOnce), ...recover(this.state, this.#now())];
  }

  #now(): Moment {
    const { clock } = this.#deps;
    return { nowMs: clock.now(), wallMs: clock.wallNow() };
  }

  /** An event whose application throws stays the first, and is applied again. */
  #applyAll(): void {
    const happenings = this.#happenings;
    const moment = this.#now();
    const { measured } = this.#parts;
    measured.nowMs = moment.nowMs;
    measured.wallMs = moment.wallMs;
    this.changes += 1;
    try {
      for (let next = happenings.peekFront(); next; next = happenings.peekFront()) {
        this.#trace?.(next, moment);
        measured.see(next);
        stepRun(this.state, next, moment, this.#commands);
        happenings.shift();
        if (next.type === 'functions-added') {
          this.#parts.growth!.applied(next.added);
          this.#parts.results?.recalled(next.recalled);
        }
        this.#parts.values.recallTo(this.state.recalledTo);
      }
    } catch (error) {
      if (this.#isAbandoned) happenings.shift();
      this.#failed(error);
    }
  }

  #performAll(): void {
    const commands = this.#commands;
    if (commands.length === 0) return;
    for (let at = 0; at < commands.length; at += 1) {
      try {
        this.#perform(commands[at]!);
      } catch (error) {
        this.#commands = commands.slice(at);
        this.#failed(error);
      }
    }
    this.#commands = [];
  }

  /** In an abandoned run nothing is repeated. */
  #failed(error: unknown): void {
    if (!this.#isAbandoned) throw error;
    const { runId, dagId } = this;
    this.#deps.logger.error({ runId, dagId, err: error }, `ending an abandoned run failed: ${textOf(error)}`);
  }

  /** A bug of ours: the DagRunner ends with it, and its supervisor decides. */
  #crash(error: unknown): void {
    const incarnation = this.#incarnation;
    this.#incarnation = undefined;
    incarnation?.crash(error);
  }

  #perform(command: RunCommand): void {
    const { allocation } = this.#deps;
    switch (command.type) {
      case 'request-claim': {
        const error = this.#parts.codeRefusals.of(command.index);
        if (error) return this.refused(command.index, error);
        this.#parts.measured.requested(command.index);
        allocation.request(this.runId, command.index, this.order.kinds[command.index]!);
        return this.#parts.places.asked(command.index);
      }
      case 'withdraw-claim':
        this.#parts.places.found(command.index);
        return allocation.withdraw(this.runId, command.index, this.order.kinds[command.index]!);
      case 'look-up-result':
        return this.#parts.results!.lookUp(command.index);
      case 'free-key':
        return this.#parts.results?.freeKey(command.index);
      case 'free-claim':
        return this.#parts.attempts.freeClaim(command.index, command.node);
      case 'start-attempt':
        // A DagRunner that crashed within this turn has a successor, which starts it.
        return this.#incarnation && this.#parts.attempts.start(command.index, command.attempt, this.#incarnation.group);
      case 'stop-attempt':
        return this.#parts.attempts.stop(command, liveRunError(command.reason), this.#incarnation?.group);
      case 'take-turn':
        return this.#parts.timers.takeTurn();
      case 'rest-function':
        return this.#parts.timers.rest(command);
      case 'append-elements':
        return this.#parts.growth!.appendElements(command);
      case 'fetch-value':
        return this.#parts.farSide.fetch(command.index, this.functionId(command.index), command.attempt);
      case 'drop-value':
        return this.#drop(command.index);
      case 'expand':
        return this.#parts.growth!.expand(command.index);
      case 'record-success':
      case 'record-failure':
        return this.#parts.records!.write(command);
      case 'announce':
        return this.events.add(liveEvent(command.event), this.#parts.measured.rowFor(command));
      case 'end-run':
        return this.#end(command.error && liveRunError(command.error));
    }
  }

  #drop(index: number): void {
    this.#parts.values.drop(index);
    this.#parts.farSide.release(index, this.functionId(index));
  }

  #end(error: HandoffError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const { blocked } = this.#parts.attempts;
    if (error && blocked) sayBlocked(error, blocked);
    closeParts(this.#parts);
    this.order.past?.own?.keepOnly(new Set());
    const { recorder, options } = this.order;
    const isInterrupted = recorder !== undefined && endState(error) === 'interrupted';
    this.#parts.farSide.end(error ? 0 : options.retainMs, isInterrupted);
    this.#deps.allocation.removeRun(this.runId);
    this.#incarnation?.finish();
    this.order.ended(error);
  }

  /** The attempt goes on: another actor takes it over, unless the whole DagRunner is gone, whose successor does. */
  #actorEnded(index: number, attempt: number, group: ActorGroup, reason: ExitReason): void {
    if (this.#incarnation?.group !== group) return;
    if (reason === 'killed') this.#parts.attempts.start(index, attempt, group);
    else this.#crash(reason);
  }
}
