import { doInTurns, givenObject, HandoffError, isPlainObject, keepAlive, newRunId, type RunId } from '../../base/index.js';
import { type DagLike, dagOfRecord, haveSameConstants, haveSameInputs, isSameDag, type PlanRecord } from '../../dag/index.js';
import { ModuleContents } from '../../executor/index.js';
import type { OpenRunAnswer, RecordedRun } from '../../journal/index.js';
import { StoredValue } from '../../value/index.js';
import type { RecordGrowth } from '../run/growth/growth-record.js';
import type { DurablePlace, Heritage, RunDeps } from '../run/run-job.js';
import type { OpenRun, PreparedRun, RunEnd, RunIdentity, RunParent } from '../runs/open-run.js';
import { endingError } from '../runs/run-endings.js';
import { checkKey } from '../runs/run-options.js';
import { captureRequest, checkedRequest, type RunMode, type RunRequest, requestAgain } from '../runs/run-request.js';
import { type CallDeps, DurableCall, type FoundRun, isAsFound } from './durable-call.js';
import { growthRecording, type OpenedGrowth } from './growth-recording.js';
import { JournalOutage } from './record/journal-outage.js';
import { openingGroups } from './record/opening-record.js';
import { packSummary } from './record/record-end.js';
import type { RunHistory } from './record/record-reader.js';
import { noSuchRun, type RunRecord } from './record/recorded-runs.js';
import { Recorder } from './record/recorder.js';
import { isReplay } from './record/replay.js';
import { RunList } from './record/run-list.js';
import { fileFinder, type Recalled, readRecord, recall, withFilesRead } from './record/run-record.js';
import { takeOpening } from './record/take-opening.js';
import { type PlanSource, takePlan, unpackedDag, withInputsOf } from './record/take-plan.js';
import { ResumeCall } from './resume/resume-call.js';
import { resumeFound } from './resume/resume-found.js';
import { Resumer } from './resume/resumer.js';
import { withHeritage } from './with-heritage.js';

/** How often a run that another node drives is looked at, ms. */
const LOOK_AGAIN_MS = 250;

const NO_HERITAGE: Heritage = { own: undefined, others: [] };
const NOTHING_LEFT = { heritage: NO_HERITAGE, folders: new Map<string, string>(), recorder: undefined };

/** The part of `Runs` that durable runs need. */
export interface RunsInside {
  open(request: RunRequest, identity: RunIdentity): Promise<OpenRun>;
  launch(run: OpenRun): void;
  /** Whether code of a function is code of that run, or of a run that it has started. */
  isWithin(parent: RunParent | undefined, runId: string): boolean;
}

/** A run that is being opened, or driven, by this node. */
interface Driven {
  plan: PlanRecord;
  /** All functions, as the DAG holds them: the same list for the same DAG. */
  readonly functions: readonly unknown[];
  /** Resolves when it is open, or will not be. */
  readonly opened: Promise<OpenRun | undefined>;
  readonly calls: Set<DurableCall>;
  /** Whether it is being ended, as the function that wanted it has ended. */
  isLeft: boolean;
  end: RunEnd | undefined;
}

/** A call whose run is not yet known. */
type OpeningCall = DurableCall | ResumeCall;

/** The durable runs of this node: finds each by its key, in its own hands or in the journal, and goes on with what is recorded. */
export class DurableRuns {
  readonly #deps: RunDeps;
  readonly #place: DurablePlace;
  readonly #runs: RunsInside;
  readonly #byKey = new Map<string, Driven>();
  readonly #contents: ModuleContents;
  /** The modules that this node does not have. */
  readonly #missing = new Set<string>();
  /** The calls whose run is not yet known. */
  readonly #opening = new Set<OpeningCall>();
  readonly #list: RunList;
  #resumer: Resumer | undefined;
  readonly #outage: JournalOutage;

  constructor(deps: RunDeps, place: DurablePlace, runs: RunsInside) {
    this.#deps = deps;
    this.#place = place;
    this.#runs = runs;
    this.#outage = new JournalOutage(deps.logger);
    this.#contents = deps.contents ?? new ModuleContents({ root: deps.root, node: deps.node });
    this.#list = new RunList(place.journal, this.#contents, deps.clock);
  }

  /** Returns a call that waits for `begin`. `newId`: the id of the run, if there is none of the key. */
  prepare(request: RunRequest, newId: RunId, found?: FoundRun): DurableCall {
    const { clock } = this.#deps;
    const deps: CallDeps = {
      start: (one) => this.#start(one),
      end: (one, open, error, graceMs) => this.#endFor(one, open, error, graceMs),
      after: (delayMs, action) => clock.after(delayMs, action),
      wallNow: () => clock.wallNow(),
    };
    const call = new DurableCall(request, newId, deps, found);
    this.#opening.add(call);
    return call;
  }

  /** Prepares a call for a run whose DAG is in its record. `prepare` is the method of `Runs`. */
  prepareAgain(key: string, given: unknown, prepare: (dag: DagLike, options: object, mode: RunMode) => PreparedRun): ResumeCall {
    const { clock } = this.#deps;
    checkKey(key);
    // Only an object's own fields go on: of an instance of a class some might lie in its prototype.
    if (given !== undefined && !isPlainObject(givenObject(given, 'options'))) throw new TypeError('options must be a plain object');
    for (const name of ['key', 'durable'])
      if (given && name in (given as object)) throw new TypeError(`resume takes no ${name} among its options`);
    const own = { ...(given as object | undefined) };
    const call: ResumeCall = new ResumeCall(newRunId(), {
      key,
      options: own,
      prepare: async () => {
        const { journal } = this.#place;
        const [recorded] = await journal.findRuns({ key });
        const record = recorded && (await readRecord(journal, recorded, clock));
        if (!record) throw noSuchRun(key);
        const options = { ...own, key };
        return prepare(await doInTurns(dagOfRecord(record.plan, unpackedDag(record.dag))), options, record.opening.mode);
      },
      known: () => void this.#opening.delete(call),
      after: (delayMs, action) => clock.after(delayMs, action),
      wallNow: () => clock.wallNow(),
    });
    this.#opening.add(call);
    return call;
  }

  /** The runs in the journal, newest first. Throws `TypeError` for a wrong query. */
  async recorded(query: unknown): Promise<RunRecord[]> {
    return this.#list.list(query);
  }

  /** From now on interrupted runs go on by themselves. */
  resumeByItself(): void {
    const { clock, random, logger } = this.#deps;
    const { journal, leaseMs } = this.#place;
    const contents = this.#contents;
    const begin = async (dag: DagLike, mode: RunMode, recorded: RecordedRun): Promise<DurableCall> => {
      const runId = newRunId();
      const begin = this.#deps.watchRun?.('nobody');
      const captured = captureRequest(dag, { key: recorded.key }, { mode, runId, begin }, this.#deps);
      return this.prepare(await doInTurns(checkedRequest(captured, this.#deps)), runId, recorded);
    };
    this.#resumer = new Resumer({
      journal,
      leaseMs,
      drives: (key) => this.#byKey.has(key),
      clock,
      random,
      logger,
      resume: (recorded, onEnd) => resumeFound(recorded, onEnd, { journal, clock, contents, prepare: begin }),
    });
    this.#resumer.start();
  }

  /** The node ends: it resumes nothing more. */
  stopResuming(): void {
    this.#resumer?.stop();
  }

  /** Deletes a run, and all that is recorded of it. */
  async forget(key: string): Promise<void> {
    checkKey(key);
    const { journal, largeValues } = this.#place;
    const [recorded] = await journal.findRuns({ key });
    await journal.forgetRun(key);
    if (recorded) await largeValues?.forget(recorded.runId);
  }

  /** The node ends: what is not open yet will not be. */
  abortOpening(errorFor: (call: OpeningCall) => HandoffError): void {
    for (const call of this.#opening) call.refuse(errorFor(call));
    this.#opening.clear();
  }

  async #start(call: DurableCall): Promise<void> {
    const key = call.request.options.key ?? call.runId;
    // A call that waits for another driver's lease has nothing under way that would keep the process alive.
    const alive = keepAlive();
    try {
      const plan = await this.#planOf(call.request);
      while (!call.isOver) {
        const driven = this.#byKey.get(key);
        if (driven && call.found) throw drivenBy(this.#deps.node, key, call);
        if (!driven) {
          await this.#drive(call, key, plan);
          return;
        }
        const open = await driven.opened;
        if (!open || this.#byKey.get(key) !== driven) continue;
        // It ends with the function that wanted it; then it goes on for this call.
        if (driven.isLeft) {
          await open.ended;
          continue;
        }
        await this.#attach(call, driven, open, key, plan);
        return;
      }
    } catch (error) {
      call.refuse(endingError(error));
    } finally {
      alive.cancel();
      this.#opening.delete(call);
    }
  }

  async #attach(call: DurableCall, driven: Driven, open: OpenRun, key: string, given: PlanRecord): Promise<void> {
    // It would wait for its own end.
    if (this.#runs.isWithin(call.parent, open.run.runId))
      throw drivenBy(this.#deps.node, key, open.run, ', and the caller is a function of that run');
    const plan = withInputsOf(given, driven.plan);
    // The functions may be the same ones, and their constants have been changed in place.
    const areSameFunctions = call.request.plan.functions === driven.functions && haveSameConstants(driven.plan, plan);
    const isSame = areSameFunctions && haveSameInputs(driven.plan, plan);
    if (!isSame && !(await doInTurns(isSameDag(driven.plan, plan)))) {
      const { runId, dagId } = open.run;
      const message = `Cannot execute the run of key ${JSON.stringify(key)}: this node drives it with another DAG or other inputs`;
      throw new HandoffError('HANDOFF_DAG_RUNNING', message, { dagId, runId, node: this.#deps.node });
    }
    call.attach(open);
    // It may have ended meanwhile.
    if (driven.end) call.end(driven.end);
    else driven.calls.add(call);
  }

  /** Makes this node the driver of the run. Calls that come meanwhile wait for `opened`. */
  async #drive(call: DurableCall, key: string, plan: PlanRecord): Promise<void> {
    let tellOpened!: (open: OpenRun | undefined) => void;
    const opened = new Promise<OpenRun | undefined>((resolve) => {
      tellOpened = resolve;
    });
    const driven: Driven = { plan, functions: call.request.plan.functions, opened, calls: new Set([call]), isLeft: false, end: undefined };
    this.#byKey.set(key, driven);
    let open: OpenRun | undefined;
    try {
      open = await this.#openRun(call, key, driven);
      if (open) open.parent = call.parent;
      // Cancelled while the journal was asked: for calls that came meanwhile there is no such run.
      if (open && call.isOver) open = await this.#ended(open, call);
    } finally {
      if (!open) this.#byKey.delete(key);
      tellOpened(open);
    }
    if (!open) return;
    open.onEnd = (end) => {
      if (this.#byKey.get(key) === driven) this.#byKey.delete(key);
      driven.end = end;
      for (const one of driven.calls) one.end(end);
    };
    call.drive(open);
    this.#runs.launch(open);
  }

  /** Ends the run of a call whose function has ended, unless another call waits for it. Returns whether it does. */
  #endFor(call: DurableCall, open: OpenRun, error: HandoffError, graceMs: number): boolean {
    const driven = [...this.#byKey.values()].find(({ calls }) => calls.has(call));
    if (!driven || [...driven.calls].some((other) => other !== call && !other.isOver)) return false;
    driven.isLeft = true;
    open.run.end(error, graceMs);
    return true;
  }

  /** Ends a run whose only call has been left. */
  async #ended(open: OpenRun, call: DurableCall): Promise<undefined> {
    this.#runs.launch(open);
    open.run.end(call.refusal!, open.options.stopGraceMs);
    await open.ended;
  }

  /** `undefined`: the call is over meanwhile. */
  async #openRun(call: DurableCall, key: string, driven: Driven): Promise<OpenRun | undefined> {
    const { clock } = this.#deps;
    const { journal } = this.#place;
    const given = driven.plan;
    const untilMs = clock.now() + call.request.options.waitMs;
    while (!call.isOver) {
      const [recorded] = await journal.findRuns({ key });
      if (call.isOver) return undefined;
      if (call.found && !isAsFound(recorded, call.found)) throw recorded ? drivenBy(recorded.node, key, call) : noSuchRun(key);
      const record = recorded && (await readRecord(journal, recorded, clock));
      const request = await this.#merged(call.request, record);
      const plan = record ? withInputsOf(given, record.plan) : given;
      driven.plan = plan;
      const again = record && (await this.#recall(recorded, record, plan, request));
      if (record && again && (await isReplay(recorded, record, again, request, this.#contents))) {
        const recollection = { ...again.recollection, tells: 'collected' } as const;
        const past = { ...withHeritage(again, request.plan, this.#deps.node, NO_HERITAGE, NOTHING_LEFT.folders), recollection };
        const { epoch } = recorded;
        const recordGrowth = this.#growthOf(request, plan, again, { ...NOTHING_LEFT, epoch });
        return this.#runs.open(request, { runId: recorded.runId as RunId, epoch, past, recordGrowth });
      }
      const opening = await doInTurns(openingGroups(await takeOpening(request, record, again, plan)));
      const runId = (recorded?.runId ?? call.runId) as RunId;
      const answer: OpenRunAnswer = await journal.openRun({
        key,
        knownEpoch: recorded?.epoch ?? 0,
        known: recorded,
        runId,
        dagId: request.plan.dagId,
        opening,
        summary: packSummary({ total: request.plan.size, succeeded: 0 }),
      });
      if (answer.type === 'opened') return await this.#opened(request, answer, again, plan);
      if (answer.type === 'driven' && clock.now() >= untilMs)
        throw drivenBy(answer.recorded.node, key, { runId: answer.recorded.runId, dagId: request.plan.dagId });
      if (answer.type === 'driven') {
        await new Promise<void>((resolve) => void clock.after(Math.min(LOOK_AGAIN_MS, Math.max(1, untilMs - clock.now())), resolve));
      }
    }
    return undefined;
  }

  /** Finds the part of a record that holds. Collected values of a completed run are read from their files: they may be all it takes. */
  async #recall(recorded: RecordedRun, record: RunHistory, plan: PlanRecord, request: RunRequest): Promise<Recalled> {
    const { options } = request;
    const { largeValues } = this.#place;
    const { runId, epoch, state } = recorded;
    const hasCompleted = state === 'completed';
    const filesOf = fileFinder(largeValues, runId, hasCompleted);
    const { freeze } = this.#deps;
    const epochs = { epoch: epoch + 1, reuse: options.reuse };
    const again = await recall(record, plan, { request, ...epochs, freeze, filesOf, dataDir: largeValues?.dataDir });
    return hasCompleted && largeValues ? withFilesRead(again, runId, largeValues, options.collected) : again;
  }

  async #opened(
    request: RunRequest,
    { run }: Extract<OpenRunAnswer, { type: 'opened' }>,
    again: Recalled | undefined,
    plan: PlanRecord,
  ): Promise<OpenRun> {
    const { clock, inherit, folders, node } = this.#deps;
    const outage = this.#outage;
    const { journal, journalWaitMs, largeValues } = this.#place;
    const { durability, collected } = request.options;
    const { runId, epoch } = run;
    const { indexOf } = request.plan;
    const isCollected = (index: number): boolean => collected[index] === 1;
    const files = largeValues?.openRun({ runId, epoch, indexOf, recorded: again?.files ?? new Map(), isCollected });
    const makeRoom = largeValues && (() => largeValues.makeRoom());
    const recorder = new Recorder({ journal: run, lease: journal.lease, clock, outage, durability, journalWaitMs, files, makeRoom });
    const heritage = await inherit({ runId, epoch, dagId: request.plan.dagId });
    try {
      const isElsewhere = again !== undefined && (again.filesElsewhere.size > 0 || again.grown.parts.successes.files.size > 0);
      const there = isElsewhere ? await folders() : new Map<string, string>();
      const past = again && withHeritage(again, request.plan, node, heritage, there);
      const recordGrowth = this.#growthOf(request, plan, again, { epoch, heritage, folders: there, recorder });
      const { since } = again?.plan ?? plan;
      return await this.#runs.open(request, { runId: runId as RunId, epoch, recorder, files, since, past, recordGrowth });
    } catch (error) {
      heritage.own?.keepOnly(new Set());
      void recorder.end('interrupted', packSummary({ total: request.plan.size, succeeded: 0 }));
      throw error;
    }
  }

  /** What makes the record of what the run adds, if it can grow. */
  #growthOf(request: RunRequest, own: PlanRecord, again: Recalled | undefined, opened: OpenedGrowth): RecordGrowth | undefined {
    return growthRecording({ request, own, again, ...opened, planOf: (source) => this.#planOf(source) }, this.#deps);
  }

  #merged(request: RunRequest, record: RunHistory | undefined): Promise<RunRequest> {
    if (!record) return doInTurns(requestAgain(request, undefined, this.#deps));
    const { mode, options } = record.opening;
    const inputs = new Map(record.opening.inputs.map(([id, packed]) => [id, StoredValue.packed(packed, 'caller')]));
    return doInTurns(requestAgain(request, { mode, options, inputs }, this.#deps));
  }

  /** The digest of a module; `undefined` if this node does not have it: then only its name is compared. */
  async #contentOf(module: string): Promise<string | undefined> {
    try {
      return (await this.#contents.contentOf(module)).digest;
    } catch (error) {
      if (!this.#missing.has(module)) {
        this.#missing.add(module);
        this.#deps.logger.warn({ module, err: error }, 'this node does not have a module: that its code changes will not be noticed');
      }
      return undefined;
    }
  }

  #planOf(request: PlanSource): Promise<PlanRecord> {
    return takePlan(request, { root: this.#deps.root, contentOf: (module) => this.#contentOf(module) });
  }
}

function drivenBy(node: string, key: string, { runId, dagId }: { readonly runId: string; readonly dagId: string }, why = ''): HandoffError {
  const message = `Cannot execute the run of key ${JSON.stringify(key)}: node ${JSON.stringify(node)} drives it${why}`;
  return new HandoffError('HANDOFF_DAG_RUNNING', message, { dagId, runId, node });
}
