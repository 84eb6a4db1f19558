import {
  type AllocationStrategy,
  type AllocatorClient,
  AttemptLoan,
  amounts,
  type Capabilities,
  type ClaimClass,
  defaultStrategy,
} from '../allocator/index.js';
import { HandoffError, PassingMap, slotResource } from '../base/index.js';
import { type AttemptHandle, type GatheredOutcome, RIDES_ALONG_BYTES, slotOf, startGathered, stepsFromWire } from '../executor/index.js';
import type { WireMessageOf, WireOutcome } from '../peer/index.js';
import { packThrownForWire, unpackError } from '../value/index.js';
import type { DriverUse, GuestDeps } from './guest-deps.js';

type Question = WireMessageOf<'run-attempt'>;

/** One attempt for another driver: waiting for room, running, or ended and remembered in case the answer was lost. */
interface GuestAttempt {
  readonly id: number;
  readonly functionId: string;
  /** Dropped when the attempt has ended: thousands are remembered, and must not retain their questions. */
  question: Question | undefined;
  readonly kind: ClaimClass;
  state: 'queued' | 'running' | 'ended';
  handle: AttemptHandle<GatheredOutcome> | undefined;
  isStopped: boolean;
  /** The loan of its claim, if its function has started runs itself. */
  loan: AttemptLoan | undefined;
  /** The outcome without the value, which is in this node's store. Only small parts are made anew for a second answer. */
  outcome: WireOutcome | undefined;
}

/** One run of another driver on this node: its attempts, in the order in which the driver asked. */
export class GuestRun implements AllocatorClient {
  readonly runId: string;
  readonly dagId: string;
  readonly driver: string;
  readonly strategy: AllocationStrategy = defaultStrategy();
  readonly takesAnyRoom = true;
  readonly maxConcurrency = Number.POSITIVE_INFINITY;
  readonly #deps: GuestDeps;
  readonly #host: GuestHost;
  readonly #byFunction = new PassingMap<string, GuestAttempt>();
  /** Attempts that have not ended, by the driver's number. That number is also their index in the allocator. */
  readonly #open = new PassingMap<number, GuestAttempt>();
  readonly #kinds = new Map<string, ClaimClass>();
  readonly #kept = new Map<string, number>();
  #asked = 0;
  #isOver = false;

  constructor(runId: string, dagId: string, driver: string, deps: GuestDeps, host: GuestHost) {
    this.runId = runId;
    this.dagId = dagId;
    this.driver = driver;
    this.#deps = deps;
    this.#host = host;
  }

  /** The functions whose values were made here and are not released. */
  get kept(): Iterable<string> {
    return this.#kept.keys();
  }

  /** Whether something runs here, or a value is kept here that the driver does not have. */
  get isNeeded(): boolean {
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
    if (attempt?.state !== 'running' || attempt.question?.attempt !== number) return undefined;
    attempt.loan ??= new AttemptLoan(this.#deps.allocation, attempt.kind);
    return attempt.loan;
  }

  functionId(index: number): string {
    return this.#open.get(index)!.functionId;
  }

  /** The driver's numbers are already in order. */
  compare(a: number, b: number): number {
    return a - b;
  }

  isReady(index: number): boolean {
    return this.#open.get(index)?.state === 'queued';
  }

  wait(indices: readonly number[], lacking: Capabilities): void {
    for (const index of indices) {
      const attempt = this.#open.get(index);
      // An attempt that may not queue is refused instead.
      if (attempt?.state === 'queued' && attempt.question?.mayQueue)
        this.#tell({ type: 'attempt-queued', id: index, lacking: Object.entries(lacking) });
    }
  }

  /** The driver requests an attempt, for the first time or again. */
  ask(question: Question, isDraining: boolean): void {
    const { allocation } = this.#deps;
    const { id, functionId } = question;
    const known = this.#byFunction.get(functionId);
    if (known?.id === id) return this.#answerAgain(known);
    if (known) {
      // The driver gave this attempt up when it thought that this node was gone.
      if (known.id > id) return;
      this.#abandon(known);
    }
    // A driver numbers attempts upwards, so a number in use is not a new attempt: ignore it.
    if (this.#open.has(id)) return;
    this.#asked += 1;
    const kind = this.#kindOf(question);
    const attempt: GuestAttempt = {
      id,
      functionId,
      question,
      kind,
      state: 'queued',
      handle: undefined,
      isStopped: false,
      loan: undefined,
      outcome: undefined,
    };
    this.#byFunction.set(functionId, attempt);
    this.#open.set(id, attempt);
    if (isDraining || allocation.impossible(kind, functionId)) return this.#refuse(attempt);
    allocation.request(this.runId, id, kind);
    allocation.pumpNow();
    if (attempt.state === 'queued' && !question.mayQueue) {
      allocation.withdraw(this.runId, id, kind);
      this.#refuse(attempt);
    }
  }

  granted(index: number, node: string, claim: ClaimClass): void {
    const attempt = this.#open.get(index);
    if (attempt?.state !== 'queued') return this.#deps.allocation.free(this.runId, node, claim);
    attempt.state = 'running';
    this.#host.begin(() => this.#begin(attempt));
  }

  #begin(attempt: GuestAttempt): void {
    if (attempt.isStopped) return this.#ended(attempt, { type: 'stopped' });
    const { dagId, timeoutMs, stopGraceMs, steps, attempt: number, since } = attempt.question!;
    const { functionId } = attempt;
    const { refOf, node } = this.#deps;
    const context = { dagId, runId: this.runId, functionId, attempt: number, node, since: since ?? undefined };
    try {
      const ungathered = { context, steps: stepsFromWire(steps, refOf), timeoutMs: timeoutMs ?? undefined, stopGraceMs, via: this.driver };
      attempt.handle = startGathered(ungathered, this.#deps);
    } catch (error) {
      return this.#ended(attempt, { type: 'failed', error, final: true });
    }
    attempt.handle.listen((outcome) => this.#ended(attempt, outcome));
    // An attempt that ended within the turn is reported once: its end implies its start.
    if (attempt.state === 'running') this.#tell({ type: 'attempt-started', id: attempt.id });
  }

  refused(index: number): void {
    const attempt = this.#open.get(index);
    if (attempt) this.#refuse(attempt);
  }

  stop({ id, reason, graceMs }: WireMessageOf<'stop-attempt'>): void {
    const attempt = this.#open.get(id);
    if (!attempt) return this.#tell({ type: 'attempt-ended', id, outcome: { type: 'stopped' } });
    if (attempt.state === 'running') {
      const why = unpackError(reason);
      halt(attempt, HandoffError.is(why) ? why : new HandoffError('HANDOFF_RUN_CANCELLED', why.message), graceMs);
    } else {
      this.#deps.allocation.withdraw(this.runId, id, attempt.kind);
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

  /** Ends all open attempts except the wanted ones. */
  keepOnly(wanted: ReadonlySet<number>): void {
    for (const [id, attempt] of [...this.#open]) {
      if (!wanted.has(id) && this.#byFunction.get(attempt.functionId) === attempt) this.#abandon(attempt);
    }
    this.#deps.allocation.pump();
  }

  /** Returns attempts that have not started to the driver. */
  giveBack(): void {
    for (const attempt of [...this.#open.values()]) {
      if (attempt.state !== 'queued') continue;
      this.#deps.allocation.withdraw(this.runId, attempt.id, attempt.kind);
      this.#refuse(attempt);
    }
  }

  /** Stops running attempts at once. Their driver is notified. */
  abort(): void {
    for (const attempt of [...this.#open.values()]) if (attempt.state === 'running') halt(attempt, stopped(this.#deps.node), 0);
  }

  /** Ends the run: drops everything, and sends no more messages. */
  end(): void {
    this.#isOver = true;
    for (const attempt of [...this.#open.values()]) this.#abandon(attempt);
    // At once: the driver may start the same run again before this one's last attempt has ended.
    this.#deps.allocation.removeRun(this.runId);
  }

  addTo(use: Map<string, number>): void {
    for (const { state, kind, loan } of this.#open.values()) {
      if (state !== 'running' || loan?.isOut) continue;
      const slot = slotResource(kind.slot);
      use.set(slot, (use.get(slot) ?? 0) + 1);
      for (const [name, amount] of Object.entries(kind.costs)) use.set(name, (use.get(name) ?? 0) + amount);
    }
  }

  waiting(): { driver: string; dagId: string; functionId: string; lacking: Capabilities }[] {
    const { driver, dagId } = this;
    const queued = [...this.#open.values()].filter(({ state }) => state === 'queued');
    return queued.map(({ functionId, kind }) => ({
      driver,
      dagId,
      functionId,
      lacking: this.#deps.allocation.shortOf(kind),
    }));
  }

  #ended(attempt: GuestAttempt, outcome: GatheredOutcome): void {
    const { allocation, store, node } = this.#deps;
    const { functionId } = attempt;
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
    if (this.#isOver || this.#byFunction.get(functionId) !== attempt) {
      this.#open.delete(attempt.id);
    } else if (outcome.type === 'succeeded') {
      const value = outcome.values[0]!;
      try {
        const packed = value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : undefined;
        store.put(this.runId, functionId, value);
        const sizeBytes = packed?.byteLength ?? value.sizeBytes;
        this.#kept.set(functionId, sizeBytes);
        const rides = packed && packed.byteLength <= RIDES_ALONG_BYTES ? packed : null;
        this.#answer(attempt, { type: 'succeeded', sizeBytes, tookMs: outcome.tookMs, packed: rides });
      } catch (error) {
        this.#answer(attempt, { type: 'failed', error: packThrownForWire(error), final: true });
      }
    } else if (outcome.type === 'failed') {
      this.#answer(attempt, { type: 'failed', error: packThrownForWire(outcome.error), final: outcome.final });
    } else if (outcome.type === 'argument-lost') {
      this.#answer(attempt, { ...outcome, error: packThrownForWire(outcome.error) });
    } else {
      this.#answer(attempt, { type: 'stopped' });
    }
    allocation.pump();
    this.#host.settled();
  }

  /** The driver does not want the attempt any more: stop it and send no answer. */
  #abandon(attempt: GuestAttempt): void {
    this.#byFunction.delete(attempt.functionId);
    if (attempt.state === 'queued') {
      this.#deps.allocation.withdraw(this.runId, attempt.id, attempt.kind);
      this.#open.delete(attempt.id);
    } else halt(attempt, stopped(this.#deps.node), 0);
  }

  #answer(attempt: GuestAttempt, outcome: WireOutcome): void {
    attempt.state = 'ended';
    attempt.question = undefined;
    const { type } = outcome;
    // Spreading the outcome would take as long as everything else here.
    attempt.outcome = type === 'succeeded' ? { type, sizeBytes: outcome.sizeBytes, tookMs: outcome.tookMs, packed: null } : outcome;
    this.#open.delete(attempt.id);
    this.#tell({ type: 'attempt-ended', id: attempt.id, outcome });
  }

  #answerAgain(attempt: GuestAttempt): void {
    const { outcome, kind, state, id, functionId } = attempt;
    if (state === 'queued') return this.wait([id], this.#deps.allocation.shortOf(kind));
    this.#tell({ type: 'attempt-started', id });
    if (!outcome) return;
    const value = outcome.type === 'succeeded' ? this.#deps.store.get(this.runId, functionId) : undefined;
    const packed = value && value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : null;
    this.#tell({ type: 'attempt-ended', id, outcome: outcome.type === 'succeeded' ? { ...outcome, packed } : outcome });
  }

  #refuse(attempt: GuestAttempt): void {
    const { ledger } = this.#deps.allocation;
    this.#byFunction.delete(attempt.functionId);
    this.#open.delete(attempt.id);
    this.#tell({
      type: 'attempt-refused',
      id: attempt.id,
      usage: {
        ...ledger.report,
        usedByYou: [...(this.#host.use() ?? [])],
      },
    });
  }

  #tell(message: Parameters<GuestDeps['send']>[1]): void {
    if (!this.#isOver) this.#deps.send(this.driver, message);
  }

  /** Returns the class of claims for a question. Functions with equal needs share one class. */
  #kindOf({ cost, steps }: Question): ClaimClass {
    // The last step is the function itself. An attempt without steps fails on the loop.
    const slot = slotOf(steps.at(-1)?.isolation ?? 'loop');
    const name = JSON.stringify([slot, cost]);
    let kind = this.#kinds.get(name);
    if (!kind) {
      const costs = Object.fromEntries(cost);
      kind = { slot, costs, cost: amounts(costs), pinnedTo: this.#deps.node, group: undefined };
      this.#kinds.set(name, kind);
    }
    return kind;
  }
}

function halt(attempt: GuestAttempt, reason: HandoffError, graceMs: number): void {
  attempt.isStopped = true;
  attempt.handle?.stop(reason, graceMs);
}

const stopped = (node: string): HandoffError => new HandoffError('HANDOFF_STOPPED', `Node "${node}" no longer runs this`, { node });

/** The part of `GuestRuns` that a guest run needs. */
export interface GuestHost {
  /** Calls `action` now, or after the event loop has had a turn. */
  begin(action: () => void): void;
  /** Returns what the driver uses here, over all its runs. */
  use(): DriverUse | undefined;
  /** Called when an attempt has ended. */
  settled(): void;
}
