import type { ActorGroup, ExitReason, GroupRef } from '../../actor/index.js';
import { AttemptLoan, FunctionsAhead } from '../../allocator/index.js';
import type { HandoffError } from '../../base/index.js';
import {
  type AttemptContext,
  type AttemptHandle,
  type BlockedCall,
  isRemote,
  MOST_LYING_BYTES,
  type RemoteOutcome,
  RIDES_ALONG_BYTES,
  startWatched,
} from '../../executor/index.js';
import { type StoredValue, type ValueFacts, type WantedFacts, withFactsOf } from '../../value/index.js';
import { holdsClaim } from '../brain/function-state.js';
import type { Receipt, RunCommand, RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import { unrecordable } from '../durable/record/recordable-value.js';
import type { RunResults } from '../remember/run-results.js';
import { happeningOf } from './attempt-end.js';
import { type FunctionPart, runAttempt } from './function-actor.js';
import type { RemoteSide } from './remote-side.js';
import type { RunColumns } from './run-columns.js';
import type { RunDeps, RunJob } from './run-job.js';
import type { RunSpans } from './run-spans.js';
import type { Arguments } from './values/arguments.js';
import { askedOf, isKnown } from './values/asked-facts.js';
import { noRoomFor, releasedBytes } from './values/room-for-value.js';
import type { RunValues } from './values/run-values.js';

/**
 * The running attempts of a run, and their loans. An attempt outlives the function actor that waits for it: another one takes it over. Only
 * the run's state records which functions hold a claim, and where.
 */
export class FunctionAttempts {
  readonly #deps: RunDeps;
  readonly #of: AttemptsOf;
  readonly #handles: (AttemptHandle<RemoteOutcome> | undefined)[];
  readonly #members: (GroupRef | undefined)[];
  /** The loans of functions on this node that have started runs themselves. */
  #loans: Map<number, AttemptLoan> | undefined;
  /** The functions whose code goes on although their attempt is over, each with what runs it. */
  #blocked: Map<string, string> | undefined;
  /** Those that were granted ahead of room. */
  readonly ahead: FunctionsAhead;

  constructor(of: AttemptsOf, deps: RunDeps) {
    const { handles, members } = of.columns;
    const { job, values } = of;
    const { runId, plan, past, trace } = job;
    this.ahead = new FunctionsAhead(
      {
        runId,
        mayLie: !past && !trace,
        isolationOf: (index) => plan.isolation[index]!,
        claimOf: (index) => job.kinds[index]!,
        isSimple: (index, node) => plan.isSimple(index) && values.bytesToMove(index, node) <= MOST_LYING_BYTES,
        declined: (index) => this.#decline(index),
      },
      deps,
    );
    this.#of = of;
    this.#deps = deps;
    this.#handles = handles;
    this.#members = members;
  }

  /** The functions whose code goes on although their attempt is over, each with what runs it: a thread, a process, an isolation. */
  get blocked(): ReadonlyMap<string, string> | undefined {
    return this.#blocked;
  }

  /** The function actors have ended with their DagRunner. */
  orphaned(): void {
    this.#members.fill(undefined);
  }

  /** Spawns a supervised actor for the function. It starts the attempt, or takes it over from its predecessor. */
  start(index: number, attempt: number, group: ActorGroup): void {
    const { state, job } = this.#of;
    if (this.#members[index]?.alive || state.attempts[index] !== attempt) return;
    const turn = state.nodes[index] === this.#deps.node ? this.#deps.turn : undefined;
    const member = runAttempt(group, job.plan.ids[index]!, new RunningFunction(this, index, attempt, group), turn);
    if (member.alive) this.#members[index] = member;
  }

  /** Without a `group` no actor waits for the end of the attempt. */
  stop({ index, attempt, graceMs }: StopCommand, reason: HandoffError, group: ActorGroup | undefined): void {
    const handle = this.#handles[index];
    if (!handle) {
      this.#members[index]?.stop('shutdown');
      this.#members[index] = undefined;
      return this.#of.feed({ type: 'attempt-stopped', index, attempt });
    }
    // After a restart no actor waits for its end.
    if (group) this.start(index, attempt, group);
    else handle.listen((outcome) => this.#ended(index, attempt, outcome));
    return handle.stop(reason, graceMs);
  }

  /** A function was recalled before its attempt was started. */
  #decline(index: number): void {
    const { state, feed } = this.#of;
    this.#members[index]?.stop('shutdown');
    this.#members[index] = undefined;
    feed({ type: 'attempt-declined', index, attempt: state.attempts[index]! });
  }

  /** Returns the loan of an attempt on this node, or `undefined` if the attempt is over. */
  loanFor(index: number, attempt: number): AttemptLoan | undefined {
    const { state, job } = this.#of;
    if (state.attempts[index] !== attempt || !holdsClaim(state.states[index]!) || state.nodes[index] !== this.#deps.node) return undefined;
    this.#loans ??= new Map();
    const loan = this.#loans.get(index) ?? new AttemptLoan(this.#deps.allocation, job.kinds[index]!);
    this.#loans.set(index, loan);
    return loan;
  }

  /** The function no longer holds its claim. If it is lent, it stays with the borrower. */
  freeClaim(index: number, node: string): void {
    if (this.ahead.free(index)) return;
    const { job } = this.#of;
    this.#deps.allocation.free(job.runId, node, job.kinds[index]!, this.#closeLoan(index));
  }

  /** Returns whether the function's claim was lent. */
  #closeLoan(index: number): boolean {
    const loan = this.#loans?.get(index);
    if (!loan) return false;
    this.#loans!.delete(index);
    return loan.close();
  }

  /** The attempt was given up while its code goes on. Its claim is freed when the code is over, even if the run is over by then. */
  #keepClaim(index: number, blocked: BlockedCall): void {
    const { job, state } = this.#of;
    const node = state.nodes[index]!;
    const isLent = this.#closeLoan(index);
    this.#blocked ??= new Map();
    const ids = this.#blocked;
    const id = job.plan.ids[index]!;
    ids.set(id, blocked.what);
    blocked.whenOver(() => {
      const { allocation } = this.#deps;
      ids.delete(id);
      allocation.free(job.runId, node, job.kinds[index]!, isLent);
      allocation.pump();
    });
  }

  /** For the function's actor, which ends with its attempt. */
  actorEnds(index: number, attempt: number, outcome: RemoteOutcome): void {
    this.#members[index] = undefined;
    this.#ended(index, attempt, outcome);
  }

  /** For the function's actor, which ended before its attempt. */
  actorGone(index: number, attempt: number, group: ActorGroup, reason: ExitReason): void {
    this.#of.orphaned(index, attempt, group, reason);
  }

  /** `isMoved`: the value has been fetched from the node that made it, which has it in another form. */
  #ended(index: number, attempt: number, outcome: RemoteOutcome, slot = this.#handles[index]?.slot ?? 0, isMoved = false): void {
    const { state, job, values, remoteSide, feed } = this.#of;
    this.#handles[index] = undefined;
    if (outcome.type !== 'succeeded' && outcome.type !== 'kept') {
      const blocked = 'blocked' in outcome ? outcome.blocked : undefined;
      if (blocked) this.#keepClaim(index, blocked);
      return feed(happeningOf({ state, plan: job.plan, values, index, attempt, slot, random: this.#deps.random() }, outcome));
    }
    const asked = job.plan.growth && askedOf(job.plan.growth, index);
    if (asked && !isKnown(asked, outcome.facts)) return this.#findOut(index, attempt, outcome, slot, asked);
    const value = outcome.type === 'succeeded' ? outcome.values[0]! : undefined;
    // The DAG of an expansion may be one that is not recorded.
    const isRecorded = job.recorder !== undefined && !job.plan.growth?.expansions.has(index);
    const refusal = value && isRecorded && unrecordable(value, job.recorder!.hasFiles);
    const { tookMs, phases } = outcome;
    if (refusal)
      return feed({ type: 'attempt-failed', index, attempt, error: refusal, final: true, random: 0, slot, ...(phases && { phases }) });
    const sizeBytes = outcome.type === 'kept' ? outcome.sizeBytes : value!.sizeBytes;
    if (sizeBytes > RIDES_ALONG_BYTES && this.#fitsNowhere(index, outcome, sizeBytes))
      return this.#tooLarge(index, attempt, outcome, sizeBytes, slot);
    const node = state.nodes[index]!;
    this.#of.columns.tookMs[index] = tookMs;
    this.ahead.ended(index, tookMs, sizeBytes);
    this.#of.spans?.made(index, outcome.span);
    values.made(index, sizeBytes);
    if (isMoved) values.moved(index);
    this.#deps.allocation.made(node, sizeBytes);
    const facts = factsIn(outcome, asked !== undefined);
    if (value) {
      if (facts?.digest !== undefined) value.digest = facts.digest;
      values.keep(index, value);
    }
    this.#of.results?.made(index, { node, facts, value });
    const isHere = value !== undefined;
    const made: Receipt = phases ? { node, sizeBytes, tookMs, isHere, slot, phases } : { node, sizeBytes, tookMs, isHere, slot };
    const filed: Receipt = outcome.type === 'kept' && outcome.file ? { ...made, file: outcome.file } : made;
    const receipt = facts ? { ...filed, ...facts } : filed;
    feed({ type: 'attempt-succeeded', index, attempt, receipt });
    return remoteSide.made(index, job.plan.ids[index]!, receipt);
  }

  /** Whether its node has no room for a value, and its function leaves none behind. Values that get a file of their own have room. */
  #fitsNowhere(index: number, outcome: MadeOutcome, sizeBytes: number): boolean {
    const { state, job, values } = this.#of;
    const isHere = outcome.type === 'succeeded';
    const hasRoom = isHere
      ? state.nodes[index] !== this.#deps.node || job.recorder?.hasFiles === true || this.#deps.store.fits(sizeBytes, 0)
      : outcome.fitsNowhere !== true;
    return !hasRoom && sizeBytes > releasedBytes(state, index, (producer) => values.sizeOf(producer));
  }

  #tooLarge(index: number, attempt: number, outcome: MadeOutcome, sizeBytes: number, slot: number): void {
    const { state, job, remoteSide } = this.#of;
    const { plan, runId } = job;
    const functionId = plan.ids[index]!;
    const error = noRoomFor(sizeBytes, { dagId: plan.dagId, runId, functionId, node: state.nodes[index]! });
    if (outcome.type === 'kept') {
      remoteSide.release(index, functionId);
      remoteSide.flush();
    }
    this.#ended(index, attempt, { type: 'failed', error, final: false, phases: outcome.phases }, slot);
  }

  /**
   * The node that ran the function was not asked what the plan must know of the value: it was asked by an earlier driver of a run whose DAG
   * has changed. The value is looked at here.
   */
  #findOut(index: number, attempt: number, outcome: MadeOutcome, slot: number, asked: WantedFacts): void {
    const { values, state } = this.#of;
    const { tookMs, phases } = outcome;
    const failed = (error: unknown): void => this.#ended(index, attempt, { type: 'failed', error, final: false, phases }, slot);
    const found = (given: StoredValue, isMoved: boolean): void => {
      try {
        const { held, facts } = withFactsOf(given, asked, this.#deps.freeze);
        this.#ended(index, attempt, { type: 'succeeded', values: [held], tookMs, facts, phases, span: outcome.span }, slot, isMoved);
      } catch (error) {
        failed(error);
      }
    };
    if (outcome.type === 'succeeded') return found(outcome.values[0]!, state.nodes[index] !== this.#deps.node);
    const given = values.ofFunction(index, this.#deps.node);
    if (!isRemote(given)) return found(given, true);
    this.#deps.fetches.fetch(given, undefined, {
      found: (held) => found(held, true),
      missing: (error) => failed(error ?? new Error(`node "${given.from}" does not have the value of the function any more`)),
    });
  }

  /** Starts the attempt, or returns it if another actor has started it. */
  handle(index: number, attempt: number): AttemptHandle<RemoteOutcome> {
    const known = this.#handles[index];
    if (known) return known;
    const { state, job } = this.#of;
    const { plan, runId } = job;
    const functionId = plan.ids[index]!;
    const element = plan.added && plan.elementOf(index)?.place;
    const context = { dagId: plan.dagId, runId, functionId, attempt, node: state.nodes[index]!, since: this.#of.sinceOf(index), element };
    const { wrapAttempt } = this.#deps;
    const handle = wrapAttempt ? wrapAttempt(context, (told) => this.#begin(index, context, told)) : this.#begin(index, context, undefined);
    this.#handles[index] = handle;
    return handle;
  }

  #begin(index: number, context: AttemptContext, told: (() => void) | undefined): AttemptHandle<RemoteOutcome> {
    const { attempt, node } = context;
    const { state, job, feed } = this.#of;
    const { timeoutMs } = job.plan.specs[index]!;
    const { stopGraceMs } = job.options;
    const origin = this.#of.spans?.originOf(index);
    const happening: RunHappening = { type: 'attempt-started', index, attempt };
    if (node === this.#deps.node) {
      const startedHere = (): void => {
        feed(happening);
        this.#of.startedHere(index);
        told?.();
      };
      if (this.ahead.isClaimless(index)) {
        const steps = this.#of.arguments.steps(index, context);
        return this.ahead.start(index, { context, steps, timeoutMs, stopGraceMs, via: undefined, origin }, startedHere);
      }
      startedHere();
      const own = job.past?.own?.take(context.functionId, attempt);
      if (own) return own;
      const steps = this.#of.arguments.steps(index, context);
      return startWatched({ context, steps, timeoutMs, stopGraceMs, via: undefined, origin }, this.#deps);
    }
    const isAhead = this.ahead.isClaimless(index);
    const started = (): void => {
      if (isAhead) this.ahead.begun(index, node);
      feed(happening);
      told?.();
    };
    const kind = job.kinds[index]!;
    const steps = this.#of.arguments.steps(index, context);
    const { epoch } = job;
    const { recorder } = job;
    const recording = recorder ? { index, isSynced: recorder.durability === 'strict', isCopied: recorder.hasFiles } : null;
    const mayQueue = state.mayQueue[index] === 1;
    const attemptThere = { context, epoch, steps, costs: kind.costs, mayQueue, isAhead, timeoutMs, stopGraceMs, recording, origin };
    const handle = this.#of.remoteSide.start(index, attemptThere, kind, started);
    if (isAhead) this.ahead.sent(index, handle);
    return handle;
  }
}

/** Returns what came beside a value, as far as it is wanted. What the plan does not ask for is not believed. */
const factsIn = ({ facts }: MadeOutcome, isAsked: boolean): ValueFacts | undefined =>
  isAsked || facts?.digest === undefined ? (isAsked ? facts : undefined) : { digest: facts.digest };

type StopCommand = Extract<RunCommand, { type: 'stop-attempt' }>;

/** The outcome of an attempt that has made a value. */
type MadeOutcome = Extract<RemoteOutcome, { type: 'succeeded' | 'kept' }>;

/** One running function, as its actor sees it. A class, as a closure for each callback would be most of the garbage of a small function. */
class RunningFunction implements FunctionPart {
  readonly #attempts: FunctionAttempts;
  readonly #index: number;
  readonly #attempt: number;
  readonly #group: ActorGroup;

  constructor(attempts: FunctionAttempts, index: number, attempt: number, group: ActorGroup) {
    this.#attempts = attempts;
    this.#index = index;
    this.#attempt = attempt;
    this.#group = group;
  }

  start(): AttemptHandle<RemoteOutcome> {
    return this.#attempts.handle(this.#index, this.#attempt);
  }

  ended(outcome: RemoteOutcome): void {
    this.#attempts.actorEnds(this.#index, this.#attempt, outcome);
  }

  orphaned(reason: ExitReason): void {
    this.#attempts.actorGone(this.#index, this.#attempt, this.#group, reason);
  }
}

/** The run that the attempts belong to. */
export interface AttemptsOf {
  readonly job: RunJob;
  readonly columns: RunColumns;
  readonly state: RunState;
  readonly arguments: Arguments;
  readonly values: RunValues;
  readonly remoteSide: RemoteSide;
  /** Missing in runs that look no results up. */
  readonly results: RunResults | undefined;
  /** Missing in runs that are not traced. */
  readonly spans: RunSpans | undefined;
  feed(happening: RunHappening): void;
  /** A function has started on this node. */
  startedHere(index: number): void;
  /** The epoch in which a function became what it is; `undefined` in runs that are not durable. */
  sinceOf(index: number): number | undefined;
  /** A function actor ended before its attempt: it was killed, or threw. */
  orphaned(index: number, attempt: number, group: ActorGroup, reason: ExitReason): void;
}
