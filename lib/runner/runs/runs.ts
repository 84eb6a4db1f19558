import type { ActorRef, Supervisor } from '../../actor/index.js';
import { doAtOnce, doInTurns, doUnattended, HandoffError, newRunId, type RunId, type StepwiseWork, textOf } from '../../base/index.js';
import type { DagLike } from '../../dag/index.js';
import type { AttemptContext, Loan } from '../../executor/index.js';
import { DurableRuns } from '../durable/durable-runs.js';
import { recordEnd } from '../durable/record/record-end.js';
import { DagRun } from '../run/dag-run.js';
import { superviseRun } from '../run/dag-runner.js';
import type { RunDeps, WaitingClaim } from '../run/run-job.js';
import { insideTerms } from './checked-claims.js';
import { Estimates } from './estimates.js';
import { InnerRuns } from './inner-runs.js';
import type { LargeCall } from './large-call.js';
import { LargeCalls } from './large-calls.js';
import { failedEnd, isReadAgain, newOpenRun, type OpenRun, type PreparedRun, type RunEnd, type RunIdentity } from './open-run.js';
import { completedEnd, Results } from './results.js';
import { aborted, cancelled } from './run-endings.js';
import { watchLimits } from './run-limits.js';
import { type CapturedRequest, captureRequest, checkedRequest, isLarge, noJournal, type RunMode, type RunRequest } from './run-request.js';
import { jobOf, type RunTables, tablesOf } from './run-tables.js';
import { VisibleRuns } from './visible-runs.js';

/** The runs that this node drives. Outlives all their actors. */
export class Runs {
  readonly #deps: RunDeps;
  readonly #estimates = new Estimates();
  readonly #byRun = new Map<string, OpenRun>();
  readonly #byDag = new Map<string, RunId>();
  /** The calls for large DAGs that are still being checked and laid out. */
  readonly #large: LargeCalls;
  /** What may be seen of the runs of this node. */
  readonly visible: VisibleRuns;
  /** The runs that functions of this node have started. */
  readonly inner: InnerRuns;
  /** Called when the results of an ended run are dropped. */
  readonly #dropped = (runId: string): void => this.visible.forgetResults(runId);
  /** How many of its runs were resumed, also those that were only read again. */
  #resumptions = 0;
  #hasPassedCacheBy = false;
  #supervisor: Supervisor | undefined;
  #refusal: HandoffError | undefined;
  readonly #durable: DurableRuns | undefined;

  constructor(deps: RunDeps) {
    this.#deps = deps;
    const open = async (request: RunRequest, identity: RunIdentity): Promise<OpenRun> =>
      this.#openWith(request, identity, await doInTurns(tablesOf(request, this.#estimates)));
    this.#large = new LargeCalls(deps.clock, {
      prepare: (call, captured, identity) => this.#prepareInTurns(call, captured, identity),
      refused: (call) => {
        this.#isOver(call.dagId, call.runId);
        this.visible.refused(call);
      },
      cancel: (prepared, reason) => prepared.cancel?.(reason) ?? this.cancel(prepared.run.runId, reason),
      leave: (...of) => this.#leave(...of),
    });
    this.visible = new VisibleRuns({
      node: deps.node,
      clock: deps.clock,
      opening: () => this.#large.values(),
      call: (runId) => this.#large.get(runId),
      open: () => this.#byRun.values(),
      get: (runId) => this.#byRun.get(runId),
    });
    this.inner = new InnerRuns({ clock: deps.clock, get: (runId) => this.get(runId), end: (...of) => this.#leave(...of) });
    const isWithin: InnerRuns['isWithin'] = (parent, runId) => this.inner.isWithin(parent, runId);
    this.#durable = deps.durable && new DurableRuns(deps, deps.durable, { open, launch: (run) => this.launch(run), isWithin });
  }

  /** The number of runs in progress. */
  get size(): number {
    return this.#byRun.size + this.#large.size;
  }

  /**
   * Returns the runs that other nodes are told of: not those that are only read again from their record, nor those of which nothing is left
   * but to record their end.
   */
  underWay(): readonly { readonly runId: string; readonly epoch: number; readonly dagId: string }[] {
    return [...this.#byRun.values()]
      .filter(({ run, isOver }) => !isOver && !isReadAgain(run))
      .map(({ run: { runId, epoch, dagId } }) => ({ runId, epoch, dagId }));
  }

  /** Another node says that it drives a run of this one, in that epoch. Runs that are not durable cannot be taken over. */
  takenOver(runId: string, epoch: number, error: HandoffError): void {
    const run = this.#byRun.get(runId)?.run;
    if (run && epoch > run.epoch) run.order.recorder?.takenOver(error);
  }

  /** A node is about to leave: its values that are still needed are fetched. */
  memberLeaving(node: string): void {
    for (const { run, isOver } of this.#byRun.values()) if (!isOver) run.memberLeaving(node);
  }

  /** A node is gone. Values that only it had are computed again; functions that only it could run wait some time for its return. */
  memberGone(node: string): void {
    for (const { run, isOver } of [...this.#byRun.values()]) if (!isOver) run.memberGone(node);
  }

  /** Returns the runs in progress. */
  inProgress(): readonly Pick<PreparedRun, 'run' | 'parent'>[] {
    return [...this.#large.values(), ...this.#byRun.values()];
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
    return this.#byDag.has(dagId) || [...this.#byRun.values()].some(({ run }) => run.dagId === dagId);
  }

  /** Returns the DagRunner of a run in progress; by default of the latest run. */
  runner(runId = [...this.#byRun.keys()].at(-1)): ActorRef<never> | undefined {
    return runId === undefined ? undefined : this.#byRun.get(runId)?.run.runner;
  }

  get(runId: string): OpenRun | undefined {
    return this.#byRun.get(runId);
  }

  /**
   * Takes a snapshot of the DAG and checks everything that can be checked before it runs. Throws `TypeError` or `RangeError` for wrong
   * options, else the `HandoffError` with which the run must be rejected. A large DAG is checked later, in turns of the event loop: then
   * the run ends with what would have been thrown.
   */
  prepare(dag: DagLike, given: unknown, mode: RunMode, begin = this.#deps.watchRun?.('caller')): PreparedRun {
    if (this.#refusal) throw this.#refusal;
    const runId = newRunId();
    const captured = captureRequest(dag, given, { mode, runId, begin }, this.#deps);
    if (isLarge(captured.snapshot)) {
      if (!captured.options.isDurable) this.#begins(captured.dagId, runId);
      return this.#large.prepare(captured, runId);
    }
    const request = doAtOnce(checkedRequest(captured, this.#deps));
    if (request.options.isDurable) return this.#durable!.prepare(request, runId);
    this.#begins(captured.dagId, runId);
    return this.#openWith(request, { runId }, doAtOnce(tablesOf(request, this.#estimates)));
  }

  /** Throws `HANDOFF_DAG_RUNNING` if a run of the DAG id has not ended. */
  #begins(dagId: string, runId: RunId): void {
    const running = this.#byDag.get(dagId);
    if (running !== undefined) {
      throw new HandoffError('HANDOFF_DAG_RUNNING', `Cannot execute DAG "${dagId}": run ${running} of it has not ended`, {
        dagId,
        runId: running,
      });
    }
    this.#byDag.set(dagId, runId);
  }

  #isOver(dagId: string, runId: string): void {
    if (this.#byDag.get(dagId) === runId) this.#byDag.delete(dagId);
  }

  *#prepareInTurns(call: LargeCall, captured: CapturedRequest, identity: RunIdentity): StepwiseWork<void> {
    const request = yield* checkedRequest(captured, this.#deps);
    if (call.isOver) return;
    const prepared = request.options.isDurable
      ? this.#durable!.prepare(request, identity.runId)
      : yield* this.#openInSteps(request, identity, () => !call.isOver);
    if (prepared) this.launch(call.proceed(prepared));
  }

  /** Opens a run, in steps. Returns `undefined` if it is no longer wanted when everything for it is there. */
  *#openInSteps(request: RunRequest, identity: RunIdentity, goesOn: () => boolean): StepwiseWork<OpenRun | undefined> {
    const tables = yield* tablesOf(request, this.#estimates);
    if (this.#refusal) throw this.#refusal;
    return goesOn() ? this.#openWith(request, identity, tables) : undefined;
  }

  /** Opens a run, whose tables are there. */
  #openWith(request: RunRequest, identity: RunIdentity, tables: RunTables): OpenRun {
    if (this.#refusal) throw this.#refusal;
    const { options } = request;
    const { plan, columns } = tables;
    const { runId, epoch, past, requestedMs } = identity;
    const { store, clock } = this.#deps;
    const ended = (error: HandoffError | undefined): void => this.#ended(run, error);
    const isInner = (): boolean => this.#byRun.get(runId)?.parent !== undefined;
    const runnerName = `DagRunner ${runId}${past ? ` (${++this.#resumptions})` : ''}`;
    const checks = { isLocal: request.mode === 'local', isChecked: past === undefined };
    const insides = plan.added && insideTerms(checks, this.#estimates, this.#deps);
    const watched = request.begin?.({ runId, dagId: plan.dagId, key: options.key, node: this.#deps.node, total: plan.size });
    // The results of a durable run that was driven here before may still be kept.
    if (options.isDurable) store.dropRun(runId);
    const shelf = store.openRun(runId, plan.dagId, epoch, plan);
    const job = jobOf(request, identity, tables, { runnerName, shelf, insides, trace: watched?.trace, isInner, ended });
    const run: DagRun = new DagRun(job, columns, this.#deps);
    const open = newOpenRun(run, options, clock.wallNow(), watched);
    watchLimits(open, requestedMs ?? clock.now(), clock);
    if (plan.caching && options.usesCache && !this.#deps.remembered) this.#passesCacheBy();
    this.#byRun.set(runId, open);
    if (!isReadAgain(run)) this.#deps.meter.begin(run);
    return open;
  }

  /** Says once that nothing is remembered here. */
  #passesCacheBy(): void {
    if (this.#hasPassedCacheBy) return;
    this.#hasPassedCacheBy = true;
    this.#deps.logger.warn({}, 'functions with cache run each time: this node has no dataDir');
  }

  /** Returns the durable runs of this node. Throws `TypeError` if they have no place. */
  durable(what: string): DurableRuns {
    if (!this.#durable) throw noJournal(what);
    return this.#durable;
  }

  /** Prepares to go on with a run whose functions are all references, by its key alone. Throws as `prepare` does. */
  prepareAgain(key: string, given: unknown): PreparedRun {
    if (this.#refusal) throw this.#refusal;
    const begin = this.#deps.watchRun?.('caller');
    return this.durable('resume').prepareAgain(key, given, (dag, options, mode) => this.prepare(dag, options, mode, begin));
  }

  /** From now on interrupted runs go on by themselves, as far as they can here. Throws `TypeError` if they have no place. */
  resumeByItself(): void {
    this.durable('resume').resumeByItself();
  }

  /** There is a supervisor of runs, or a new one: launched runs continue under it. */
  superviseUnder(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
    for (const open of this.#byRun.values()) if (open.isLaunched) this.#supervise(open, supervisor);
  }

  /** Starts a prepared run. */
  launch(prepared: PreparedRun): void {
    if (prepared.begin) return prepared.begin();
    const open = this.#byRun.get(prepared.run.runId);
    if (!open) return;
    open.isLaunched = true;
    // Before any message of the run.
    const { runId, epoch, dagId } = open.run;
    if (!isReadAgain(open.run)) this.#deps.broadcast({ type: 'run-begun', runId, epoch, dagId });
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
    const large = this.#large.get(runId);
    if (large) return large.cancel(reason);
    const open = this.#byRun.get(runId);
    if (!open) return;
    const { run, options } = open;
    run.end(cancelled(run, run.runId, reason), options.stopGraceMs);
    await open.ended;
  }

  /** Ends a run whose caller is gone. Returns how long its attempts have, ms. */
  #leave(prepared: PreparedRun, error: HandoffError, graceMs: number): number {
    if (prepared.leave) return prepared.leave(error, graceMs);
    const open = this.#byRun.get(prepared.run.runId);
    const ownMs = Math.min(graceMs, open?.options.stopGraceMs ?? 0);
    open?.run.end(error, ownMs);
    return ownMs;
  }

  /** Why every run is refused; `undefined` if none is. */
  get refusal(): HandoffError | undefined {
    return this.#refusal;
  }

  /** From now on every run is refused with `error`. */
  refuse(error: HandoffError): void {
    this.#refusal ??= error;
    this.#durable?.stopResuming();
  }

  /** Ends every run at once with `HANDOFF_RUN_ABORTED`. Resolves when all have ended. */
  async abortAll(why: string, cause?: unknown): Promise<void> {
    this.#abortOpening(why, cause);
    // Those that functions have started come first: they end as runs of this node, and not with their callers.
    const open = [...this.#byRun.values()].reverse();
    for (const { run } of open) {
      run.order.recorder?.hurry();
      run.end(aborted(run, why, cause), 0);
    }
    await Promise.all(open.map(({ ended }) => ended));
  }

  /** Like `abortAll`, when no supervisor is left to act. */
  abandonAll(why: string, cause?: unknown): void {
    this.#abortOpening(why, cause);
    for (const open of [...this.#byRun.values()].reverse()) {
      if (open.isOver) this.#tell(open, aborted(open.run, why, cause), undefined);
      else this.#abort(open.run, why, cause);
    }
  }

  #abortOpening(why: string, cause: unknown): void {
    for (const call of [...this.#large.values()]) call.refuse(aborted(call, why, cause));
    this.#durable?.abortOpening((call) => aborted(call, why, cause));
  }

  #abort(run: DagRun, why: string, cause: unknown): void {
    run.abandon(aborted(run, why, cause));
  }

  /** Every attempt has ended and every claim is free: collects the results and reports the end. */
  #ended(run: DagRun, error: HandoffError | undefined): void {
    const open = this.#byRun.get(run.runId)!;
    const { plan } = run.order;
    const { clock, freeze } = this.#deps;
    open.isOver = true;
    open.timeout?.cancel();
    open.stopListening();
    doUnattended(this.#estimates.learn(plan, run.tookMs));
    if (error) this.inner.endOf(run.runId, error, open.options.stopGraceMs);
    const goesOnAfterFailures = open.options.onFailure === 'continue' && error?.failures !== undefined;
    if (error && !goesOnAfterFailures) return this.#record(open, error, undefined);
    const results = new Results(plan, open.options.collected, (index) => run.whereabouts.resultOf(index), freeze, this.#deps.store);
    const composites = run.whereabouts.collectComposites();
    // The end was reported already if the run was abandoned.
    results.collect(composites, clock, (collected) => {
      if (this.#byRun.get(run.runId) !== open) return;
      if (!('cause' in collected)) return this.#record(open, error, results);
      const { cause } = collected;
      this.#tell(open, aborted(run, `its results could not be put together: ${textOf(cause)}`, cause), undefined);
    });
  }

  /** The end of a durable run is told when it is on disk. */
  #record(open: OpenRun, error: HandoffError | undefined, results: Results | undefined): void {
    const { recorder } = open.run.order;
    if (!recorder) return this.#tell(open, error, results);
    void recordEnd(recorder, open.run, error, open.parent !== undefined).then((failure) => {
      // Told already: it was abandoned.
      if (this.#byRun.get(open.run.runId) !== open) return;
      if (failure && !error) this.#tell(open, failure, undefined);
      else this.#tell(open, error, results);
    });
  }

  #tell(open: OpenRun, error: HandoffError | undefined, results: Results | undefined): void {
    const { run, options } = open;
    const { runId, dagId, state } = run;
    const { store, clock } = this.#deps;
    this.#byRun.delete(runId);
    this.#deps.meter.end(run);
    this.#isOver(dagId, runId);
    const atMs = clock.wallNow();
    let end: RunEnd;
    if (error || !results) {
      if (results) Object.defineProperty(error, 'results', { value: results.values, enumerable: true, configurable: true });
      store.dropRun(runId);
      end = failedEnd(run, error!, atMs);
    } else {
      store.retainRun(runId, results.ids, options.retainMs, this.#dropped);
      end = completedEnd(run, results.values, clock.now() - state.startedMs, atMs);
    }
    this.visible.ended(open, end, store.hasRun(runId));
    open.alive.cancel();
    open.watched?.ended(error);
    open.onEnd(end);
    open.settle();
  }
}
