import {
  type AllocationStrategy,
  type AllocatorClient,
  AttemptLoan,
  type ClaimClass,
  defaultStrategy,
  type FunctionsAhead,
} from '../allocator/index.js';
import { HandoffError, type Timer } from '../base/index.js';
import { type GatheredOutcome, originFromWire, startWatched, stepsFromWire, type TraceableAttempt } from '../executor/index.js';
import type { Inheritance, WireMessageOf, WireOutcome } from '../peer/index.js';
import { unpackError } from '../value/index.js';
import { GuestAnswers } from './guest-answers.js';
import { type AttemptList, contextOf, type GuestAttempt, halt, stoppedOn } from './guest-attempt.js';
import { GuestClasses } from './guest-classes.js';
import type { GuestDeps, GuestHost } from './guest-deps.js';
import { GuestFiles } from './guest-files.js';
import { endedOutcome, hasSucceeded, madeOutcome, madeValue, withoutValue } from './guest-outcome.js';
import { GuestTable } from './guest-table.js';
import { GuestValues } from './guest-values.js';
import { HandedOver, handedAttempts, inheritanceOf } from './handed-over.js';
import { LyingGuests } from './lying-guests.js';
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
  readonly table = new GuestTable();
  readonly #classes: GuestClasses;
  readonly #values: GuestValues;
  readonly #answers: GuestAnswers;
  /** The files of its large values. */
  readonly files: GuestFiles;
  readonly ahead: FunctionsAhead;
  readonly #lying: LyingGuests;
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
    this.#values = new GuestValues(runId, deps);
    this.#answers = new GuestAnswers(() => (this.#isOver || this.isOrphan ? undefined : this.driver), this.#values, deps);
    this.#lying = new LyingGuests(
      {
        runId,
        attemptAt: (index) => this.table.at(index)!,
        countRunning: (most) => this.table.countRunning(most),
        given: (attempt) => this.#given(attempt),
        begin: (attempt) => this.#begin(attempt),
        begun: (attempt) => {
          this.#runs(attempt);
          this.#answers.started(attempt, this.#lying.areEnough);
        },
        ended: (attempt, outcome) => this.#ended(attempt, outcome),
      },
      deps,
    );
    this.ahead = this.#lying.ahead;
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
    return this.#values.ids;
  }

  /** Whether something runs here, or a value is kept here that the driver does not have. */
  get isNeeded(): boolean {
    return !this.isOrphan && (this.table.hasOpen || this.#values.haveLarge);
  }

  /** Returns the loan of an attempt, or `undefined` if the attempt is over. */
  loanFor(functionId: string, number: number): AttemptLoan | undefined {
    const attempt = this.table.of(functionId);
    if (attempt?.state !== 'running' || attempt.of[2] !== number) return undefined;
    attempt.loan ??= new AttemptLoan(this.#deps.allocation, attempt.kind);
    return attempt.loan;
  }

  functionId(index: number): string {
    return this.table.at(index)!.of[1];
  }

  /** They are counted in the order in which the driver asked. */
  compare(a: number, b: number): number {
    return a - b;
  }

  isReady(index: number): boolean {
    return this.table.at(index)?.state === 'queued';
  }

  wait(indices: readonly number[]): void {
    for (const index of indices) {
      const attempt = this.table.at(index);
      if (attempt) this.#answers.waits(attempt);
    }
  }

  /** The driver requests an attempt, for the first time or again. */
  ask(question: Question, isDraining: boolean): void {
    const { allocation } = this.#deps;
    const { of } = question;
    const functionId = of[1];
    const kind = this.#classes.of(question);
    const known = this.table.of(functionId);
    if (known) {
      const isLaterBy = of[3] - known.of[3] || of[2] - known.of[2];
      // An heir may want other resources for the function than its former driver.
      if (isLaterBy === 0 && (known.state !== 'running' || known.kind === kind)) return this.#answers.again(known, question);
      if (isLaterBy < 0) return this.#answers.ended({ of }, { type: 'stopped' });
      // The driver gave that attempt up when it thought that this node was gone.
      this.#abandon(known);
    }
    const attempt = this.table.add(question, kind);
    const { index } = attempt;
    if (isDraining || allocation.impossible(kind, functionId)) return this.#refuse(attempt);
    allocation.request(this.runId, index, kind);
    allocation.pumpNow();
    if (attempt.state === 'queued' && !question.mayQueue) {
      allocation.withdraw(this.runId, index, kind);
      this.#refuse(attempt);
    } else if (attempt.state !== 'ended' && !attempt.handle && !question.isAhead) attempt.queuedSinceMs = this.#deps.clock.now();
  }

  granted(index: number, node: string, claim: ClaimClass): void {
    const attempt = this.table.at(index);
    const isAhead = this.ahead.isClaimless(index);
    if (attempt?.state !== 'queued') return void (this.ahead.free(index) || this.#deps.allocation.free(this.runId, node, claim));
    attempt.state = isAhead ? 'lying' : 'running';
    this.#host.begin(() => (isAhead ? this.#lying.lie(attempt) : this.#begin(attempt)));
  }

  #given({ question }: GuestAttempt): TraceableAttempt {
    const { timeoutMs, stopGraceMs, steps, origin } = question!;
    const context = contextOf(question!, this.#deps.node);
    const given = { timeoutMs: timeoutMs ?? undefined, stopGraceMs, origin: originFromWire(origin) };
    return { context, steps: stepsFromWire(steps, this.#deps.refOf), ...given, via: this.driver };
  }

  #begin(attempt: GuestAttempt): void {
    if (attempt.isStopped) return this.#ended(attempt, { type: 'stopped' });
    this.#runs(attempt);
    try {
      attempt.handle = startWatched(this.#given(attempt), this.#deps);
    } catch (error) {
      return this.#ended(attempt, { type: 'failed', error, final: true });
    }
    attempt.handle.listen((outcome) => this.#ended(attempt, outcome));
    // An attempt that ended within the turn is reported once: its end implies its start.
    if (attempt.state === 'running') this.#answers.started(attempt);
  }

  /** It runs from now on. */
  #runs(attempt: GuestAttempt): void {
    attempt.state = 'running';
    if (attempt.queuedSinceMs !== undefined) attempt.waitedMs = this.#deps.clock.now() - attempt.queuedSinceMs;
  }

  refused(index: number): void {
    const attempt = this.table.at(index);
    if (attempt) this.#refuse(attempt);
  }

  stop({ of, reason, graceMs }: WireMessageOf<'stop-attempt'>): void {
    const attempt = this.table.of(of[1]);
    const isOpen = attempt && attempt.state !== 'ended' && attempt.of[2] === of[2] && attempt.of[3] === of[3];
    if (!isOpen) return this.#answers.ended({ of }, { type: 'stopped' });
    if (!this.#lying.recall(attempt)) {
      const why = unpackError(reason);
      halt(attempt, HandoffError.is(why) ? why : new HandoffError('HANDOFF_RUN_CANCELLED', why.message), graceMs);
    } else {
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.#over(attempt, { type: 'stopped' });
    }
  }

  /** Takes back what has not begun. */
  takeBack({ of, ask }: WireMessageOf<'take-back-attempt'>): void {
    const attempt = this.table.of(of[1]);
    if (attempt?.of[2] === of[2] && attempt.of[3] === of[3]) {
      if (!this.#lying.recall(attempt)) return;
      this.#abandon(attempt);
    }
    this.#answers.tell({ type: 'attempt-taken-back', of, ask });
    this.#deps.allocation.pump();
  }

  /** Drops values that are not needed any more, and what is remembered of their functions. */
  release(functionIds: readonly string[]): void {
    for (const functionId of functionIds) {
      this.#values.release(functionId);
      if (this.table.of(functionId)?.state === 'ended') this.table.forget(functionId);
    }
  }

  /** The driver lists all attempts that it wants here: ends the others. The driver of an orphan is back. */
  keepOnly(attempts: AttemptList): void {
    const wanted = new Map(attempts);
    for (const attempt of this.table.known) {
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
    for (const attempt of this.table.known) {
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
    return inheritanceOf(this.table.known, this.#deps.store.valuesOf(this.runId));
  }

  /** Ends this run: its node drives it now, and gets what is here. */
  handOver(): HandedOver {
    const { store, node } = this.#deps;
    const inheritance = this.inheritance();
    const attempts = handedAttempts(this.table.known, this.#deps);
    const values = new Map([...store.valuesOf(this.runId)].map((held) => [held.id, held]));
    this.end();
    return new HandedOver(node, inheritance, attempts, values);
  }

  /** Attempts that have not started are not worth waiting for without their driver. */
  #dropQueued(): void {
    for (const attempt of this.#queuedAgain()) this.#abandon(attempt);
  }

  /** Returns the attempts that have not started. What lies is taken back for that. */
  #queuedAgain(): readonly GuestAttempt[] {
    const { open } = this.table;
    for (const attempt of open) this.#lying.recall(attempt);
    return open.filter(({ state }) => state === 'queued');
  }

  /** Ends an attempt of which the driver knows nothing, and drops its value. */
  #forget(attempt: GuestAttempt): void {
    this.#abandon(attempt);
    if (hasSucceeded(attempt.outcome)) this.release([attempt.of[1]]);
  }

  /** Returns attempts that have not started to the driver. */
  giveBack(): void {
    for (const attempt of this.#queuedAgain()) {
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.#refuse(attempt);
    }
  }

  /** Stops running attempts at once. Their driver is notified. */
  abort(): void {
    for (const attempt of this.table.open) if (attempt.state === 'running') halt(attempt, stoppedOn(this.#deps.node), 0);
  }

  /** Ends the run: drops everything, and sends no more messages. */
  end(): void {
    this.#isOver = true;
    this.#orphaned?.cancel();
    for (const attempt of this.table.open) this.#abandon(attempt);
    this.ahead.close();
    // At once: the driver may start the same run again before this one's last attempt has ended.
    this.#deps.allocation.removeRun(this.runId);
  }

  #ended(attempt: GuestAttempt, outcome: GatheredOutcome): void {
    const { allocation, node } = this.#deps;
    const [, functionId, , epoch] = attempt.of;
    const { waitedMs, handle: { slot } = { slot: 0 } } = attempt;
    attempt.handle = undefined;
    const blocked = 'blocked' in outcome ? outcome.blocked : undefined;
    const isLent = attempt.loan?.close() ?? false;
    if (!blocked) this.#lying.free(attempt, isLent);
    else {
      // The driver has its answer. The claim is freed when the attempt's code is over.
      blocked.whenOver(() => {
        allocation.free(this.runId, node, attempt.kind);
        allocation.pump();
      });
    }
    const isWanted = !this.#isOver && this.table.isWanted(attempt);
    if (outcome.type !== 'succeeded' || !isWanted) return this.#over(attempt, endedOutcome(outcome, waitedMs, slot));
    const value = outcome.values[0]!;
    this.ahead.ended(attempt.index, outcome.tookMs, value.sizeBytes);
    let answer: WireOutcome | undefined;
    try {
      const { sizeBytes, fits, rides } = this.#values.keep(functionId, value, epoch);
      const made = madeValue(outcome, sizeBytes, waitedMs, slot);
      if (!rides && this.files.areFor(attempt)) this.files.write(attempt, value, made, (filed) => this.#over(attempt, filed));
      else answer = madeOutcome(made, rides, fits);
    } catch (error) {
      answer = endedOutcome({ type: 'failed', error, final: true }, waitedMs, slot);
    }
    if (answer) this.#over(attempt, answer);
    else allocation.pump();
  }

  /** Nothing more is to be done for an attempt but to tell its driver. */
  #over(attempt: GuestAttempt, outcome: WireOutcome): void {
    if (this.#isOver || !this.table.isWanted(attempt)) this.table.close(attempt);
    else this.#answer(attempt, outcome);
    this.#deps.allocation.pump();
    this.#host.settled();
  }

  /** The driver does not want the attempt any more: stop it and send no answer. */
  #abandon(attempt: GuestAttempt): void {
    this.table.forget(attempt.of[1]);
    if (this.#lying.recall(attempt)) {
      this.#deps.allocation.withdraw(this.runId, attempt.index, attempt.kind);
      this.table.close(attempt);
    } else halt(attempt, stoppedOn(this.#deps.node), 0);
  }

  #answer(attempt: GuestAttempt, outcome: WireOutcome): void {
    attempt.state = 'ended';
    attempt.isUnheard = this.isOrphan;
    attempt.question = undefined;
    attempt.outcome = withoutValue(outcome);
    this.table.close(attempt);
    this.#answers.ended(attempt, outcome, this.#lying.areEnough);
  }

  #refuse(attempt: GuestAttempt): void {
    this.table.forget(attempt.of[1]);
    this.table.close(attempt);
    this.#answers.refused(attempt, this.#host.use());
  }
}
