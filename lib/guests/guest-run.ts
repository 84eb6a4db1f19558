import {
  type AllocationStrategy,
  type AllocatorClient,
  AttemptLoan,
  type Capabilities,
  type ClaimClass,
  defaultStrategy,
} from '../allocator/index.js';
import { HandoffError, PassingMap, type Timer } from '../base/index.js';
import { type GatheredOutcome, originFromWire, phasesForWire, RIDES_ALONG_BYTES, startWatched, stepsFromWire } from '../executor/index.js';
import type { Inheritance, WireMessageOf, WireOutcome } from '../peer/index.js';
import { packFacts, unpackError } from '../value/index.js';
import { type AttemptList, addUse, contextOf, type GuestAttempt, halt, newGuestAttempt, stoppedOn } from './guest-attempt.js';
import { GuestClasses } from './guest-classes.js';
import type { GuestDeps, GuestHost } from './guest-deps.js';
import { GuestFiles } from './guest-files.js';
import { endedOutcome, hasSucceeded, withoutValue } from './guest-outcome.js';
import { HandedOver, handedAttempts, inheritanceOf } from './handed-over.js';
import type { RunOwner } from './run-owners.js';

type Question = WireMessageOf<'run-attempt'>;

/**
 * One run of another driver on this node: its attempts, in the order in which the driver asked. A durable run outlives its driver for a
 * while: then it is an orphan, until an heir takes it over in a higher epoch.
 */
export class GuestRun implements AllocatorClient {
  readonly runId: string;
  readonly dagId: string;
  #driver: string;
  #epoch: number;
  readonly strategy: AllocationStrategy = defaultStrategy();
  readonly takesAnyRoom = true;
  readonly maxConcurrency = Number.POSITIVE_INFINITY;
  readonly #deps: GuestDeps;
  readonly #host: GuestHost;
  readonly #byFunction = new PassingMap<string, GuestAttempt>();
  /** Attempts that have not ended, by their index in the allocator. */
  readonly #open = new PassingMap<number, GuestAttempt>();
  readonly #classes: GuestClasses;
  readonly #kept = new Map<string, number>();
  /** The files of its large values. */
  readonly files: GuestFiles;
  #asked = 0;
  #isOver = false;
  /** Set while the run has no driver: when it runs out, the run ends. */
  #orphaned: Timer | undefined;

  constructor(runId: string, dagId: string, { driver, epoch }: RunOwner, deps: GuestDeps, host: GuestHost) {
    this.runId = runId;
    this.dagId = dagId;
    this.#driver = driver;
    this.#epoch = epoch;
    this.#deps = deps;
    this.#host = host;
    this.#classes = new GuestClasses(deps.node);
    this.files = new GuestFiles(runId, deps);
  }

  /** The node that drives the run, or that drove it last. */
  get driver(): string {
    return this.#driver;
  }

  /** The epoch of the run; 0 if it is not durable. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether its driver is gone, and no heir has come. */
  get isOrphan(): boolean {
    return this.#orphaned !== undefined;
  }

  /** The functions whose values were made here and are not released. */
  get kept(): Iterable<string> {
    return this.#kept.keys();
  }

  /** Whether something runs here, or a value is kept here that the driver does not have. */
  get isNeeded(): boolean {
    if (this.isOrphan) return false;
    if (this.#open.size > 0) return true;
    for (const sizeBytes of this.#kept.values()) if (sizeBytes > RIDES_ALONG_BYTES) return true;
    return false;
  }

  /** How many attempts the driver has requested so far. */
  get attempts(): number {
    return this.#asked;
  }

  get queued(): number {
    let queued = 0;
    for (const { state } of this.#open.values()) if (state === 'queued') queued += 1;
    return queued;
  }

  /** Returns the loan of an attempt, or `undefined` if the attempt is over. */
  loanFor(functionId: string, number: number): AttemptLoan | undefined {
    const attempt = this.#byFunction.get(functionId);
    if (attempt?.state !== 'running' || attempt.of[2] !== number) return undefined;
    attempt.loan ??= new AttemptLoan(this.#deps.allocation, attempt.kind);
    return attempt.loan;
  }

  functionId(index: number): string {
    return this.#open.get(index)!.of[1];
  }

  /** They are counted in the order in which the driver asked. */
  compare(a: number, b: number): number {
    return a - b;
  }

  isReady(index: number): boolean {
    return this.#open.get(index)?.state === 'queued';
  }

  wait(indices: readonly number[]): void {
    for (const index of indices) {
      const attempt = this.#open.get(index);
      // An attempt that may not queue is refused instead.
      if (attempt?.state === 'queued' && attempt.question?.mayQueue)
        this.#tell({ type: 'attempt-queued', of: attempt.of, lacking: Object.entries(this.#deps.allocation.lackOf(attempt.kind)) });
    }
  }

  /** The driver requests an attempt, for the first time or again. */
  ask(question: Question, isDraining: boolean): void {
    const { allocation } = this.#deps;
    const { of } = question;
    const functionId = of[1];
    const kind = this.#classes.of(question);
    const known = this.#byFunction.get(functionId);
    if (known) {
      const isLaterBy = of[3] - known.of[3] || of[2] - known.of[2];
      // An heir may want other resources for the function than its former driver.
      if (isLaterBy === 0 && (known.state !== 'running' || known.kind === kind)) return this.#answerAgain(known);
      if (isLaterBy < 0) return this.#tell({ type: 'attempt-ended', of, outcome: { type: 'stopped' } });
      // The driver gave that attempt up when it thought that this node was gone.
      this.#abandon(known);
    }
    const index = this.#asked;
    this.#asked += 1;
    const attempt = newGuestAttempt(index, question, kind);
    this.#byFunction.set(functionId, attempt);
    this.#open.set(index, attempt);
    if (isDraining || allocation.impossible(kind, functionId)) return this.#refuse(attempt);
    allocation.request(this.runId, index, kind);
    allocation.pumpNow();
    if (attempt.state === 'queued' && !question.mayQueue) {
      allocation.withdraw(this.runId, index, kind);
      this.#refuse(attempt);
    } else if (attempt.state !== 'ended' && !attempt.handle) attempt.queuedSinceMs = this.#deps.clock.now();
  }

  granted(index: number, node: string, claim: ClaimClass): void {
    const attempt = this.#open.get(index);
    if (attempt?.state !== 'queued') return this.#deps.allocation.free(this.runId, node, claim);
    attempt.state = 'running';
    this.#host.begin(() => this.#begin(attempt));
  }

  #begin(attempt: GuestAttempt): void {
    if (attempt.isStopped) return this.#ended(attempt, { type: 'stopped' });
    if (attempt.queuedSinceMs !== undefined) attempt.waitedMs = this.#deps.clock.now() - attempt.queuedSinceMs;
    const { timeoutMs, stopGraceMs, steps, origin } = attempt.question!;
    const context = contextOf(attempt.question!, this.#deps.node);
    try {
      const given = { timeoutMs: timeoutMs ?? undefined, stopGraceMs, origin: originFromWire(origin) };
      attempt.handle = startWatched({ context, steps: stepsFromWire(steps, this.#deps.refOf), ...given, via: this.driver }, this.#deps);
    } catch (error) {
      return this.#ended(attempt, { type: 'failed', error, final: true });
    }
    attempt.handle.listen((outcome) => this.#ended(attempt, outcome));
    // An attempt that ended within the turn is reported once: its end implies its start.
    if (attempt.state === 'running') this.#tell({ type: 'attempt-started', of: attempt.of, slot: attempt.handle.slot });
  }

  refused(index: number): void {
    const attempt = this.#open.get(index);
    if (attempt) this.#refuse(attempt);
  }

  stop({ of, reason, graceMs }: WireMessageOf<'stop-attempt'>): void {
    const attempt = this.#byFunction.get(of[1]);
    const isOpen = attempt && attempt.state !== 'ended' && attempt.of[2] === of[2] && attempt.of[3] === of[3];
    if (!isOpen) return this.#tell({ type: 'attempt-ended', of, outcome: { type: 'stopped' } });
    if (attempt.state === 'running') {
      const why = unpackError(reason);
      halt(attempt, HandoffError.is(why) ? why : new HandoffError('HANDOFF_RUN_CANCELLED', why.message), graceMs);
    } else {
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.#answer(attempt, { type: 'stopped' });
    }
  }

  /** Drops values that are not needed any more, and what is remembered of their functions. */
  release(functionIds: readonly string[]): void {
    for (const functionId of functionIds) {
      this.#deps.store.release(this.runId, functionId);
      this.#kept.delete(functionId);
      if (this.#byFunction.get(functionId)?.state === 'ended') this.#byFunction.delete(functionId);
    }
  }

  /** The driver lists all attempts that it wants here: ends the others. The driver of an orphan is back. */
  keepOnly(attempts: AttemptList): void {
    const wanted = new Map(attempts);
    for (const attempt of [...this.#byFunction.values()]) {
      const isUnknown = attempt.state !== 'ended' || attempt.isUnheard;
      if (isUnknown && wanted.get(attempt.of[1]) !== attempt.of[2]) this.#forget(attempt);
      else attempt.isUnheard = false;
    }
    this.#orphaned?.cancel();
    this.#orphaned = undefined;
    this.#deps.allocation.pump();
  }

  /**
   * The driver is gone. What runs may end, and what was made is kept, for an heir; what waits is dropped. `ended` is called after
   * `orphanMs`, unless an heir comes.
   */
  orphan(ended: () => void): void {
    const { clock, orphanMs } = this.#deps;
    this.#orphaned ??= clock.after(orphanMs, ended);
    this.#dropQueued();
  }

  /** An heir drives the run now, in a higher epoch. It has not adopted anything yet. */
  takeOver({ driver, epoch }: RunOwner): void {
    this.#driver = driver;
    this.#epoch = epoch;
    this.#orphaned?.cancel();
    this.#orphaned = undefined;
    this.#dropQueued();
    this.#deps.store.raiseEpoch(this.runId, epoch);
  }

  /** The heir takes these attempts over. All others of earlier epochs are stopped and forgotten. */
  adopt(attempts: AttemptList): void {
    const adopted = new Map(attempts);
    for (const attempt of [...this.#byFunction.values()]) {
      const [runId, functionId, number, epoch] = attempt.of;
      if (epoch === this.#epoch) continue;
      if (adopted.get(functionId) !== number || attempt.isStopped) this.#abandon(attempt);
      else {
        attempt.of = [runId, functionId, number, this.#epoch];
        if (attempt.state === 'ended') this.#deps.store.adoptValue(runId, functionId);
      }
    }
    this.#deps.allocation.pump();
  }

  /** Returns what is here for an heir. */
  inheritance(): Inheritance {
    return inheritanceOf(this.#byFunction.values(), this.#deps.store.valuesOf(this.runId));
  }

  /** Ends this run: its node drives it now, and gets what is here. */
  handOver(): HandedOver {
    const { store, node } = this.#deps;
    const inheritance = this.inheritance();
    const attempts = handedAttempts(this.#byFunction.values(), this.#deps);
    const values = new Map([...store.valuesOf(this.runId)].map((held) => [held.id, held]));
    this.end();
    return new HandedOver(node, inheritance, attempts, values);
  }

  /** Attempts that have not started are not worth waiting for without their driver. */
  #dropQueued(): void {
    for (const attempt of [...this.#open.values()]) if (attempt.state === 'queued') this.#abandon(attempt);
  }

  /** Ends an attempt of which the driver knows nothing, and drops its value. */
  #forget(attempt: GuestAttempt): void {
    this.#abandon(attempt);
    if (hasSucceeded(attempt.outcome)) this.release([attempt.of[1]]);
  }

  /** Returns attempts that have not started to the driver. */
  giveBack(): void {
    for (const attempt of [...this.#open.values()]) {
      if (attempt.state !== 'queued') continue;
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.#refuse(attempt);
    }
  }

  /** Stops running attempts at once. Their driver is notified. */
  abort(): void {
    for (const attempt of [...this.#open.values()]) if (attempt.state === 'running') halt(attempt, stoppedOn(this.#deps.node), 0);
  }

  /** Ends the run: drops everything, and sends no more messages. */
  end(): void {
    this.#isOver = true;
    this.#orphaned?.cancel();
    for (const attempt of [...this.#open.values()]) this.#abandon(attempt);
    // At once: the driver may start the same run again before this one's last attempt has ended.
    this.#deps.allocation.removeRun(this.runId);
  }

  addTo(use: Map<string, number>): void {
    for (const attempt of this.#open.values()) addUse(use, attempt);
  }

  waiting(): { driver: string; dagId: string; functionId: string; lacking: Capabilities }[] {
    const { driver, dagId } = this;
    const queued = [...this.#open.values()].filter(({ state }) => state === 'queued');
    return queued.map(({ of: [, functionId], kind }) => ({ driver, dagId, functionId, lacking: this.#deps.allocation.lackOf(kind) }));
  }

  #ended(attempt: GuestAttempt, outcome: GatheredOutcome): void {
    const { allocation, store, node } = this.#deps;
    const [, functionId, , epoch] = attempt.of;
    const { waitedMs, handle: { slot } = { slot: 0 } } = attempt;
    attempt.handle = undefined;
    const blocked = 'blocked' in outcome ? outcome.blocked : undefined;
    const isLent = attempt.loan?.close() ?? false;
    if (!blocked) allocation.free(this.runId, node, attempt.kind, isLent);
    else {
      // The driver has its answer. The claim is freed when the attempt's code is over.
      blocked.whenOver(() => {
        allocation.free(this.runId, node, attempt.kind);
        allocation.pump();
      });
    }
    const isWanted = !this.#isOver && this.#byFunction.get(functionId) === attempt;
    if (outcome.type !== 'succeeded' || !isWanted) return this.#over(attempt, endedOutcome(outcome, waitedMs, slot));
    const value = outcome.values[0]!;
    let answer: WireOutcome | undefined;
    try {
      const packed = value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : undefined;
      const fits = packed !== undefined || store.fits(value.sizeBytes, 0);
      store.put(this.runId, functionId, value, node, epoch);
      const sizeBytes = packed?.byteLength ?? value.sizeBytes;
      this.#kept.set(functionId, sizeBytes);
      const rides = packed && packed.byteLength <= RIDES_ALONG_BYTES ? packed : null;
      const { tookMs, span = null } = outcome;
      const facts = outcome.facts ? packFacts(outcome.facts) : null;
      const phases = phasesForWire(outcome.phases, tookMs, waitedMs);
      if (!rides && this.files.areFor(attempt))
        this.files.write(attempt, value, { sizeBytes, tookMs, facts, phases, slot, span }, (filed) => this.#over(attempt, filed));
      else answer = { type: 'succeeded', sizeBytes, tookMs, packed: rides, fits, facts, phases, slot, span };
    } catch (error) {
      answer = endedOutcome({ type: 'failed', error, final: true }, waitedMs, slot);
    }
    if (answer) this.#over(attempt, answer);
    else allocation.pump();
  }

  /** Nothing more is to be done for an attempt but to tell its driver. */
  #over(attempt: GuestAttempt, outcome: WireOutcome): void {
    if (this.#isOver || this.#byFunction.get(attempt.of[1]) !== attempt) this.#open.delete(attempt.index);
    else this.#answer(attempt, outcome);
    this.#deps.allocation.pump();
    this.#host.settled();
  }

  /** The driver does not want the attempt any more: stop it and send no answer. */
  #abandon(attempt: GuestAttempt): void {
    this.#byFunction.delete(attempt.of[1]);
    if (attempt.state === 'queued') {
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.#open.delete(attempt.index);
    } else halt(attempt, stoppedOn(this.#deps.node), 0);
  }

  #answer(attempt: GuestAttempt, outcome: WireOutcome): void {
    attempt.state = 'ended';
    attempt.isUnheard = this.isOrphan;
    attempt.question = undefined;
    attempt.outcome = withoutValue(outcome);
    this.#open.delete(attempt.index);
    this.#tell({ type: 'attempt-ended', of: attempt.of, outcome });
  }

  #answerAgain(attempt: GuestAttempt): void {
    const { outcome, state, index, of, handle } = attempt;
    if (state === 'queued') return this.wait([index]);
    this.#tell({ type: 'attempt-started', of, slot: handle?.slot ?? 0 });
    if (!outcome) return;
    const value = outcome.type === 'succeeded' ? this.#deps.store.get(this.runId, of[1]) : undefined;
    const packed = value && value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : null;
    this.#tell({ type: 'attempt-ended', of, outcome: outcome.type === 'succeeded' ? { ...outcome, packed } : outcome });
  }

  #refuse(attempt: GuestAttempt): void {
    this.#byFunction.delete(attempt.of[1]);
    this.#open.delete(attempt.index);
    const usage = { ...this.#deps.allocation.ledger.report, usedByYou: [...(this.#host.use() ?? [])] };
    this.#tell({ type: 'attempt-refused', of: attempt.of, usage });
  }

  #tell(message: Parameters<GuestDeps['send']>[1]): void {
    if (!this.#isOver && !this.isOrphan) this.#deps.send(this.driver, message);
  }
}
