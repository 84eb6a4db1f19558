import type { ActorRef, Supervisor } from '../../actor/index.js';
import type { Capabilities, ClaimClass } from '../../allocator/index.js';
import { HandoffError, keepAlive, newRunId, onAbort, type RunId, type Timer, textOf } from '../../base/index.js';
import { compile, type DagLike, executionFaults, type Plan, remainingPaths } from '../../dag/index.js';
import type { ArgumentValue, AttemptContext, Loan } from '../../executor/index.js';
import { snapshot } from '../../value/index.js';
import type { CompletedEvent, FailedEvent, RunEvent } from '../brain/messages.js';
import { PastEvents } from '../events/past-events.js';
import { Constants } from '../run/constants.js';
import { DagRun } from '../run/dag-run.js';
import { superviseRun } from '../run/dag-runner.js';
import type { RunDeps, WaitingClaim } from '../run/run-job.js';
import { claimClasses } from './claim-classes.js';
import { Estimates } from './estimates.js';
import { fillAllocations, Results } from './results.js';
import { aborted, cancelled } from './run-endings.js';
import { type CheckedRunOptions, checkedRunOptions } from './run-options.js';

/** The outcome of a run that succeeded. */
export interface RunOutcome<R> {
  /** The DAG id of the run: `dagId` of its options, else the DAG's own. */
  readonly dagId: string;
  readonly runId: string;
  /** The collected results by function id. */
  readonly results: R;
  /** The name of the node on which each function ran, by function id. */
  readonly allocations: Readonly<Record<string, string>>;
  /** How long the run took, waiting included, ms. */
  readonly durationMs: number;
  /** The functions that failed without failing the run, with their errors. */
  readonly failures: Readonly<Record<string, HandoffError>>;
}

/** How a run ended. */
export type RunEnd =
  | { readonly type: 'completed'; readonly outcome: RunOutcome<Readonly<Record<string, unknown>>>; readonly event: CompletedEvent }
  | { readonly type: 'failed'; readonly error: HandoffError; readonly event: FailedEvent };

/** An accepted run that waits for `launch`. */
export interface PreparedRun {
  readonly run: DagRun;
  readonly options: CheckedRunOptions;
  /** Called once, when every attempt has ended and every claim is free. */
  onEnd: (end: RunEnd) => void;
}

interface OpenRun extends PreparedRun {
  readonly alive: Timer;
  isLaunched: boolean;
  /** Whether every attempt has ended and every claim is free. The outcome is being put together. */
  isOver: boolean;
  timeout: Timer | undefined;
  stopListening: () => void;
  ended: Promise<void>;
  settle: () => void;
}

/** The runs that this node drives. Outlives all their actors. */
export class Runs {
  readonly #deps: RunDeps;
  readonly #estimates = new Estimates();
  readonly #byRun = new Map<string, OpenRun>();
  readonly #byDag = new Map<string, RunId>();
  readonly #past = new PastEvents();
  /** Called when the results of an ended run are dropped. */
  readonly #dropped = (runId: string): void => this.#past.forgetResults(runId);
  #supervisor: Supervisor | undefined;
  #refusal: HandoffError | undefined;

  constructor(deps: RunDeps) {
    this.#deps = deps;
  }

  /** The number of runs in progress. */
  get size(): number {
    return this.#byRun.size;
  }

  /** The runs in progress. */
  get ids(): readonly string[] {
    return [...this.#byRun.keys()];
  }

  /** A node is about to leave: its values that are still needed are fetched. */
  memberLeaving(node: string): void {
    for (const { run, isOver } of this.#byRun.values()) if (!isOver) run.memberLeaving(node);
  }

  /** A node is gone. Values that only it had are computed again; functions that only it could run wait some time for its return. */
  memberGone(node: string): void {
    for (const { run, isOver } of [...this.#byRun.values()]) if (!isOver) run.memberGone(node);
  }

  /** Returns the progress of each run. */
  progress(): readonly { readonly runId: string; readonly dagId: string; readonly progress: DagRun['progress'] }[] {
    return [...this.#byRun.values()].map(({ run: { runId, dagId, progress } }) => ({ runId, dagId, progress }));
  }

  /** Returns the ready functions of all runs that wait for room. */
  waiting(): readonly WaitingClaim[] {
    return [...this.#byRun.values()].flatMap(({ run }) => run.waiting());
  }

  /** Returns the loan of an attempt on this node that belongs to a run of this node. */
  loanFor({ runId, functionId, attempt }: AttemptContext): Loan | undefined {
    return this.#byRun.get(runId)?.run.loanFor(functionId, attempt);
  }

  /** Returns how many more functions wait. */
  get moreWaiting(): number {
    let more = 0;
    for (const { run } of this.#byRun.values()) more += run.moreWaiting;
    return more;
  }

  /** Whether this node runs the DAG id. */
  isRunning(dagId: string): boolean {
    return this.#byDag.has(dagId);
  }

  /** Returns the DagRunner of a run in progress; by default of the latest run. */
  runner(runId = [...this.#byRun.keys()].at(-1)): ActorRef<never> | undefined {
    return runId === undefined ? undefined : this.#byRun.get(runId)?.run.runner;
  }

  get(runId: string): PreparedRun | undefined {
    return this.#byRun.get(runId);
  }

  /**
   * Takes a snapshot of the DAG and checks everything that can be checked before it runs. Throws `TypeError` or `RangeError` for wrong
   * options, else the `HandoffError` with which the run must be rejected.
   */
  prepare(dag: DagLike, given: unknown, mode: 'cluster' | 'local'): PreparedRun {
    if (this.#refusal) throw this.#refusal;
    const compiled = compile(dag, this.#deps.isolation);
    const options = checkedRunOptions(given, compiled, this.#deps.strategies);
    const plan = options.dagId === undefined ? compiled : compiled.runAs(options.dagId);
    const runId = newRunId();
    const { dagId } = plan;
    if (options.signal?.aborted) throw cancelled(plan, runId, options.signal.reason);
    const { node, store } = this.#deps;
    const hasInput = (id: string): boolean =>
      Object.hasOwn(options.inputs, id) || store.storedValue(dagId, id) !== undefined || this.#locationOf(dagId, id) !== undefined;
    const faults = executionFaults(plan, { driver: node, hasInput, local: mode === 'local' });
    if (faults.length > 0) {
      const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
      throw new HandoffError('HANDOFF_INVALID_DAG', `Cannot execute DAG "${dagId}": ${faults[0]!.message}${more}`, { dagId, faults });
    }
    const comparedBelow = this.#deps.refusesSkew ? this.#deps.root : undefined;
    const kinds = claimClasses(plan, { node, local: mode === 'local', threadCost: this.#threadCost(), comparedBelow });
    this.#refuseImpossible(plan, kinds);
    const running = this.#byDag.get(dagId);
    if (running !== undefined) {
      throw new HandoffError('HANDOFF_DAG_RUNNING', `Cannot execute DAG "${dagId}": run ${running} of it has not ended`, {
        dagId,
        runId: running,
      });
    }
    const inputs = this.#inputs(plan, options);
    const constants = new Constants(plan, this.#deps.freeze);
    const estimates = this.#estimates.of(plan);
    const paths = remainingPaths(plan, (index) => estimates[index]!);
    const ended = (error: HandoffError | undefined): void => this.#ended(run, error);
    const run: DagRun = new DagRun({ runId, plan, options, kinds, inputs, constants, ended }, paths, this.#deps);
    this.#byDag.set(dagId, runId);
    store.openRun(runId, dagId);
    const prepared: OpenRun = {
      run,
      options,
      onEnd: () => {},
      alive: keepAlive(),
      isLaunched: false,
      isOver: false,
      timeout: undefined,
      stopListening: () => {},
      ended: Promise.resolve(),
      settle: () => {},
    };
    prepared.ended = new Promise((settle) => {
      prepared.settle = settle;
    });
    this.#watch(prepared, plan);
    this.#byRun.set(runId, prepared);
    return prepared;
  }

  /** There is a supervisor of runs, or a new one: launched runs continue under it. */
  superviseUnder(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
    for (const open of this.#byRun.values()) if (open.isLaunched) this.#supervise(open, supervisor);
  }

  /** Starts a prepared run. */
  launch({ run }: PreparedRun): void {
    const open = this.#byRun.get(run.runId);
    if (!open) return;
    open.isLaunched = true;
    // Before any message of the run.
    this.#deps.broadcast({ type: 'run-begun', runId: run.runId, dagId: run.dagId });
    if (this.#supervisor) this.#supervise(open, this.#supervisor);
  }

  #supervise(open: OpenRun, supervisor: Supervisor): void {
    const { run } = open;
    const goesOn = (): boolean => !open.isOver;
    const onGiveUp = (cause: unknown): void => this.#abort(run, 'its DagRunner ended again and again', cause);
    superviseRun(supervisor, { run, goesOn, onGiveUp }).catch((error) => {
      // If the supervisor is gone, the run waits for the next one.
      if (!HandoffError.is(error, 'HANDOFF_STOPPED')) this.#abort(run, 'its DagRunner could not be started', error);
    });
  }

  /** Cancels a run. Resolves when every attempt has ended and every claim is free. A run that is over or unknown is no error. */
  async cancel(runId: string, reason?: unknown): Promise<void> {
    const open = this.#byRun.get(runId);
    if (!open) return;
    const { run, options } = open;
    run.end(cancelled(run.order.plan, run.runId, reason), options.stopGraceMs);
    await open.ended;
  }

  /** Calls `listener` with every event of a run, from the oldest kept one on. Returns false if the run is unknown, or was over long ago. */
  subscribe(runId: string, listener: (event: RunEvent) => void): boolean {
    const events = this.#byRun.get(runId)?.run.events ?? this.#past.get(runId);
    events?.subscribe(listener);
    return events !== undefined;
  }

  /** From now on every run is refused with `error`. */
  refuse(error: HandoffError): void {
    this.#refusal ??= error;
  }

  /** Ends every run at once with `HANDOFF_RUN_ABORTED`. Resolves when all have ended. */
  async abortAll(why: string, cause?: unknown): Promise<void> {
    const open = [...this.#byRun.values()];
    for (const { run } of open) run.end(aborted(run, why, cause), 0);
    await Promise.all(open.map(({ ended }) => ended));
  }

  /** Like `abortAll`, when no supervisor is left to act. */
  abandonAll(why: string, cause?: unknown): void {
    for (const open of [...this.#byRun.values()]) {
      if (open.isOver) this.#tell(open, aborted(open.run, why, cause), undefined);
      else this.#abort(open.run, why, cause);
    }
  }

  #abort(run: DagRun, why: string, cause: unknown): void {
    run.abandon(aborted(run, why, cause));
  }

  #threadCost(): Capabilities {
    return this.#deps.allocation.members.some(({ capacity: room }) => (room.capabilities.cpu ?? 0) >= 1) ? { cpu: 1 } : {};
  }

  #refuseImpossible(plan: Plan, kinds: readonly ClaimClass[]): void {
    const seen = new Set<ClaimClass>();
    let last: ClaimClass | undefined;
    for (let index = 0; index < kinds.length; index += 1) {
      const kind = kinds[index]!;
      if (kind === last || seen.has(kind)) continue;
      last = kind;
      seen.add(kind);
      const error = this.#deps.allocation.impossible(kind, plan.ids[index]!);
      if (error) throw error;
    }
  }

  #inputs(plan: Plan, options: CheckedRunOptions): ReadonlyMap<string, ArgumentValue> {
    const { freeze, store } = this.#deps;
    const { dagId } = plan;
    const inputs = new Map<string, ArgumentValue>();
    for (const id of plan.inputs) {
      if (!Object.hasOwn(options.inputs, id)) {
        const stored = store.storedValue(dagId, id);
        const from = this.#locationOf(dagId, id);
        if (stored) inputs.set(id, stored);
        else if (from !== undefined) inputs.set(id, { from, value: { kind: 'of-dag', dagId, functionId: id }, sizeBytes: 0 });
      } else {
        const value = options.inputs[id];
        inputs.set(id, snapshot(value, { where: `inputs.${id}`, freeze }));
      }
    }
    return inputs;
  }

  /** Returns the other node that has a stored value. */
  #locationOf(dagId: string, id: string): string | undefined {
    const node = this.#deps.store.locations.lookup(dagId, id);
    return node === this.#deps.node ? undefined : node;
  }

  #watch(open: OpenRun, plan: Plan): void {
    const { run, options } = open;
    const { timeoutMs, signal, stopGraceMs } = options;
    const { runId } = run;
    const { dagId } = plan;
    if (timeoutMs !== undefined) {
      open.timeout = this.#deps.clock.after(timeoutMs, () => {
        const { succeeded, total } = run.progress;
        const message = `Run of DAG "${dagId}" timed out after ${timeoutMs} ms: ${succeeded} of ${total} functions had finished`;
        run.end(new HandoffError('HANDOFF_RUN_TIMEOUT', message, { dagId, runId }), stopGraceMs);
      });
    }
    if (signal) {
      const abort = (): void => run.end(cancelled(plan, runId, signal.reason), stopGraceMs);
      open.stopListening = onAbort(signal, abort);
    }
  }

  /** Every attempt has ended and every claim is free: collects the results and reports the end. */
  #ended(run: DagRun, error: HandoffError | undefined): void {
    const open = this.#byRun.get(run.runId)!;
    const { plan } = run.order;
    const { clock, freeze } = this.#deps;
    open.isOver = true;
    open.timeout?.cancel();
    open.stopListening();
    this.#estimates.learn(plan, run.tookMs);
    const goesOnAfterFailures = open.options.onFailure === 'continue' && error?.failures !== undefined;
    if (error && !goesOnAfterFailures) return this.#tell(open, error, undefined);
    const results = new Results(plan, open.options.collected, (index) => run.whereabouts.held(index), freeze);
    const goOn = (): void => {
      // The end was reported already: the run was abandoned.
      if (this.#byRun.get(run.runId) !== open) return;
      try {
        if (!results.goOn()) return void clock.after(0, goOn);
      } catch (cause) {
        return this.#tell(open, aborted(run, `its results could not be put together: ${textOf(cause)}`, cause), undefined);
      }
      return this.#tell(open, error, results);
    };
    goOn();
  }

  #tell(open: OpenRun, error: HandoffError | undefined, results: Results | undefined): void {
    const { run, options } = open;
    const { runId, dagId, events, state } = run;
    const { store, clock } = this.#deps;
    this.#byRun.delete(runId);
    this.#byDag.delete(dagId);
    const atMs = clock.wallNow();
    let end: RunEnd;
    if (error || !results) {
      if (results) Object.defineProperty(error, 'results', { value: results.values, enumerable: true, configurable: true });
      store.dropRun(runId);
      const event: FailedEvent = { type: 'run-failed', runId, dagId, atMs, error: error! };
      events.add(event);
      end = { type: 'failed', error: error!, event };
    } else {
      store.retainRun(runId, results.ids, options.retainMs, this.#dropped);
      const durationMs = clock.now() - state.startedMs;
      const { values } = results;
      const outcome = { dagId, runId, results: values, allocations: {}, durationMs, failures: {} };
      const { failures, allocations } = outcome;
      const event = { type: 'run-completed', runId, dagId, atMs, durationMs, results: values, allocations, failures } as const;
      fillAllocations(outcome, event, run.order.plan.ids, state.nodes);
      events.add(event);
      end = { type: 'completed', outcome, event };
    }
    events.end();
    this.#past.add(runId, store.hasRun(runId) ? events : events.withoutResults());
    open.alive.cancel();
    open.onEnd(end);
    open.settle();
  }
}
