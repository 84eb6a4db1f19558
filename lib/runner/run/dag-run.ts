import Denque from 'denque';
import type { ActorGroup, ActorRef, ExitReason } from '../../actor/index.js';
import type { AllocationStrategy, AllocatorClient, AttemptLoan, Capabilities, ClaimClass } from '../../allocator/index.js';
import { type HandoffError, type RunId, Trampoline, textOf } from '../../base/index.js';
import { thrownData } from '../../value/index.js';
import type { InputFacts, RunCommand, RunHappening } from '../brain/messages.js';
import { progressOf } from '../brain/progress.js';
import { isDoneAtOnce, recover } from '../brain/recover.js';
import { type Moment, newRunState, type RunState } from '../brain/run-state.js';
import { stepRun } from '../brain/run-step.js';
import { endState } from '../durable/record/record-end.js';
import { EventLog } from '../events/event-log.js';
import { sayBlocked } from '../runs/run-endings.js';
import { tracerOf } from '../trace/tracing.js';
import { CodeRefusals } from './code/code-refusals.js';
import { FunctionAttempts } from './function-attempts.js';
import { type RunGrowth, runGrowthOf } from './growth/run-growth.js';
import { liveEvent, liveRunError } from './live-errors.js';
import { NodeReturnWaits } from './node-return-waits.js';
import { RemoteSide } from './remote-side.js';
import type { RunColumns } from './run-columns.js';
import { compareInRun, policyOf, type RunDeps, type RunJob, type RunnerIncarnation, type WaitingClaim } from './run-job.js';
import { type RunRecords, runRecordsOf } from './run-records.js';
import { RunTimers } from './run-timers.js';
import { takeUp } from './take-up.js';
import { Arguments } from './values/arguments.js';
import { AskedInputs } from './values/asked-facts.js';
import { RunValues } from './values/run-values.js';
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
  readonly state: RunState;
  readonly events: EventLog;
  readonly order: RunJob;
  readonly #deps: RunDeps;
  readonly #columns: RunColumns;
  readonly #attempts: FunctionAttempts;
  readonly #places: NodeReturnWaits;
  readonly #values: RunValues;
  readonly #farSide: RemoteSide;
  readonly #codeRefusals: CodeRefusals;
  readonly #growth: RunGrowth | undefined;
  readonly #records: RunRecords | undefined;
  readonly #timers: RunTimers;
  readonly #askedInputs: AskedInputs | undefined;
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

  constructor(order: RunJob, columns: RunColumns, deps: RunDeps) {
    const { plan, options, runId, epoch } = order;
    this.order = order;
    this.runId = runId;
    this.dagId = plan.dagId;
    this.epoch = epoch;
    // The run starts and ends; each function becomes ready, starts and ends. One that grows adds some more.
    this.events = new EventLog(runId, plan.dagId, 3 * plan.size + (plan.added ? 18 : 2));
    this.strategy = options.strategy;
    this.takesAnyRoom = options.strategy.takesAnyRoom === true;
    this.#deps = deps;
    this.#columns = columns;
    const mayRetry = (index: number): boolean => (plan.retries.get(index)?.maxRetries ?? options.maxRetries) > 0;
    this.state = newRunState(runId, plan.shape, policyOf(order, deps.node), columns.state);
    this.#trace = tracerOf(this.state);
    this.#askedInputs = plan.growth && new AskedInputs(plan, order.inputs, deps);
    const { inputs } = this.#askedInputs ?? order;
    this.#values = new RunValues({ runId, epoch, plan, columns, inputs, state: this.state, files: order.files, mayRetry }, deps);
    const { allocation, clock, logger } = deps;
    const feed = (happening: RunHappening): void => this.feed(happening);
    this.#timers = new RunTimers(clock, feed);
    this.#codeRefusals = new CodeRefusals(this, allocation);
    this.#farSide = new RemoteSide(this, this.#values, deps, feed, this.#codeRefusals);
    const run = { state: this.state, values: this.#values, feed };
    this.#attempts = new FunctionAttempts(
      {
        job: order,
        columns,
        state: run.state,
        values: run.values,
        feed,
        arguments: new Arguments(plan, this.#values, order.constants),
        remoteSide: this.#farSide,
        sinceOf: (index) => (this.#growth ? this.#growth.sinceOf(index) : order.since?.[index]),
        orphaned: (index, attempt, group, reason) => this.#actorEnded(index, attempt, group, reason),
      },
      deps,
    );
    this.#growth = plan.added && runGrowthOf(order, columns, deps, { ...run, taken: (index) => this.#drop(index) });
    this.#records = runRecordsOf(order, run, deps);
    const waiting = { allocation, clock, logger, ids: plan.ids, isResumed: order.past !== undefined };
    this.#places = new NodeReturnWaits(order.kinds, options.lostNodeWaitMs, waiting, feed);
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
    const recalled = past && takeUp(past, { job: this.order, values: this.#values, farSide: this.#farSide }, this.#deps);
    const begun = (inputs?: readonly InputFacts[]): void => {
      this.#happenings.unshift({ type: 'run-begun', ...(recalled && { recalled }), ...(inputs && { inputs }) });
      if (this.#incarnation) this.#work();
    };
    if (this.#askedInputs) this.#askedInputs.find(begun, (error) => this.end(error, 0));
    else begun();
    recorder?.listen({
      recorded: (successes) => this.feed({ type: 'successes-recorded', successes }),
      lost: (error) => this.feed({ type: 'journal-lost', error: thrownData(error) }),
      resumed: () => this.#deps.allocation.pump(),
    });
  }

  /** Applies an event at once, or as soon as there is a DagRunner again. */
  feed(happening: RunHappening): void {
    this.#happenings.push(happening);
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

  /**
   * Ends the run after its supervisor has given up on the DagRunner: stops running attempts, frees every claim, then reports the end. From
   * now on a failed command is logged and left out, as no successor repeats it.
   */
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
    return index === undefined ? undefined : this.#attempts.loanFor(index, attempt);
  }

  functionId(index: number): string {
    return this.order.plan.ids[index]!;
  }

  compare(a: number, b: number): number {
    return compareInRun(this.order.plan, this.#columns.paths, a, b);
  }

  get whereabouts(): RunValues {
    return this.#values;
  }

  granted(index: number, node: string, _claim: ClaimClass, mayQueue: boolean): void {
    this.#places.found(index);
    this.feed({ type: 'function-placed', index, node, mayQueue });
  }

  refused(index: number, error: HandoffError): void {
    this.feed({ type: 'placement-refused', index, error: thrownData(error) });
  }

  memberLeaving(node: string): void {
    this.#farSide.leaving(node, this.state);
  }

  /** A member is gone. Values that only it had are lost; functions that only it could run wait for its return. */
  memberGone(node: string): void {
    const indices = this.#values.nodeGone(node, this.state);
    if (indices.length > 0) this.feed({ type: 'values-lost', indices });
    this.#places.memberGone(this.state.states);
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
      this.#farSide.flush();
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
    this.#attempts.orphaned();
    this.#timers.clear();
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
    try {
      for (let next = happenings.peekFront(); next; next = happenings.peekFront()) {
        this.#trace?.(next, moment);
        stepRun(this.state, next, moment, this.#commands);
        happenings.shift();
        if (next.type === 'functions-added') this.#growth!.applied(next.added);
        this.#values.recallTo(this.state.recalledTo);
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
        const error = this.#codeRefusals.of(command.index);
        if (error) return this.refused(command.index, error);
        allocation.request(this.runId, command.index, this.order.kinds[command.index]!);
        return this.#places.asked(command.index);
      }
      case 'withdraw-claim':
        this.#places.found(command.index);
        return allocation.withdraw(this.runId, command.index, this.order.kinds[command.index]!);
      case 'free-claim':
        return this.#attempts.freeClaim(command.index, command.node);
      case 'start-attempt':
        // A DagRunner that crashed within this turn has a successor, which starts it.
        return this.#incarnation && this.#attempts.start(command.index, command.attempt, this.#incarnation.group);
      case 'stop-attempt':
        return this.#attempts.stop(command, liveRunError(command.reason), this.#incarnation?.group);
      case 'take-turn':
        return this.#timers.takeTurn();
      case 'rest-function':
        return this.#timers.rest(command);
      case 'append-elements':
        return this.#growth!.appendElements(command);
      case 'fetch-value':
        return this.#farSide.fetch(command.index, this.functionId(command.index), command.attempt);
      case 'drop-value':
        return this.#drop(command.index);
      case 'expand':
        return this.#growth!.expand(command.index);
      case 'record-success':
      case 'record-failure':
        return this.#records!.write(command);
      case 'announce':
        return this.events.add(liveEvent(command.event));
      case 'end-run':
        return this.#end(command.error && liveRunError(command.error));
    }
  }

  #drop(index: number): void {
    this.#values.drop(index);
    this.#farSide.release(index, this.functionId(index));
  }

  #end(error: HandoffError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const { blocked } = this.#attempts;
    if (error && blocked) sayBlocked(error, blocked);
    this.#timers.clear();
    this.#places.close();
    this.#askedInputs?.close();
    this.#growth?.close();
    this.order.past?.own?.keepOnly(new Set());
    this.#farSide.end(error ? 0 : this.order.options.retainMs, this.order.recorder !== undefined && endState(error) === 'interrupted');
    this.#deps.allocation.removeRun(this.runId);
    this.#incarnation?.finish();
    this.order.ended(error);
  }

  /** The attempt goes on: another actor takes it over, unless the whole DagRunner is gone, whose successor does. */
  #actorEnded(index: number, attempt: number, group: ActorGroup, reason: ExitReason): void {
    if (this.#incarnation?.group !== group) return;
    if (reason === 'killed') this.#attempts.start(index, attempt, group);
    else this.#crash(reason);
  }
}
