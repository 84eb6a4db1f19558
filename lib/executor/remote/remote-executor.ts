import { type Clock, HandoffError, PassingMap, type Timer, textOf } from '../../base/index.js';
import type { AttemptName, WireMessage, WireMessageOf } from '../../peer/index.js';
import { packThrownForWire } from '../../value/index.js';
import type { AttemptContext } from '../attempts/attempt.js';
import type { AttemptHandle } from '../executor.js';
import type { AttemptOrigin } from '../tracing/trace-context.js';
import type { UngatheredStep } from '../values/gathered-attempt.js';
import { outcomeFromWire, type RemoteOutcome } from './remote-outcome.js';
import { wireOrigin } from './wire-origin.js';
import { stepsForWire } from './wire-steps.js';

/** A node that has not confirmed within this time that an attempt waits or has started is not waited for, ms. */
const FIRST_ANSWER_MS = 30_000;

/** The interval at which that is checked, ms. */
const LOOK_MS = 5000;

/** After this time a node is asked why an attempt has not begun that lay there, and has room there since, ms. */
const NOT_BEGUN_MS = 100;

/** How long a node may take to report the end of an attempt, beyond the time that the attempt has to end, ms. */
const STOP_ANSWER_MS = 2000;

/**
 * The attempts of this node's runs on other nodes. Each is one question, `run-attempt`, named by its run, function, number and epoch. It is
 * asked again whenever the link comes up, until its end is reported. A function of a run has one attempt at a time.
 *
 * No caller waits for a node that is gone, or that lives and does not answer: an attempt that is not answered within 30 s is lost; one that
 * is stopped is over 2 s after the time that it has to end.
 */
export class RemoteExecutor {
  readonly #send: (to: string, message: WireMessage) => boolean;
  readonly #root: string;
  readonly #clock: Clock;
  /** By run and function. */
  readonly #open = new Map<string, OpenAttempts>();
  readonly #traffic: Traffic;
  /** By node, how much had come from it at the last check. */
  readonly #receivedBytes = new Map<string, number>();
  #looking: Timer | undefined;
  /** How often attempts were taken back. */
  #takeBacks = 0;

  /** `traffic` reports the traffic on the link to a node. The default is none. */
  constructor(send: (to: string, message: WireMessage) => boolean, root: string, clock: Clock, traffic: Traffic = STILL) {
    this.#traffic = traffic;
    this.#send = send;
    this.#root = root;
    this.#clock = clock;
  }

  /** Starts an attempt. Throws `HANDOFF_NOT_SERIALIZABLE` if an argument cannot leave this node. */
  start(attempt: RemoteAttempt, listener: RemoteAttemptListener): FarHandle {
    const { runId, functionId } = attempt.context;
    const run = new FarRun(attempt, listener, this.#root, this.#send, this.#clock, this);
    // One that an abandoned run has left.
    this.#open.get(runId)?.get(functionId)?.superseded();
    const open = this.#open.get(runId) ?? new PassingMap<string, FarRun>();
    this.#open.set(runId, open);
    open.set(functionId, run);
    run.ask();
    this.#looking ??= this.#clock.after(LOOK_MS, this.#look);
    return run;
  }

  /** The number of attempts in progress. */
  get size(): number {
    let size = 0;
    for (const open of this.#open.values()) size += open.size;
    return size;
  }

  /** Returns the attempts on that node, by run: function and number of each. */
  attemptsOn(name: string): ReadonlyMap<string, readonly (readonly [functionId: string, attempt: number])[]> {
    const byRun = new Map<string, (readonly [string, number])[]>();
    for (const {
      name: [runId, functionId, attempt],
    } of this.#on(name)) {
      const attempts = byRun.get(runId);
      if (attempts) attempts.push([functionId, attempt]);
      else byRun.set(runId, [[functionId, attempt]]);
    }
    return byRun;
  }

  /** An answer about an attempt that is over, or is made elsewhere, is ignored. */
  heard(from: string, answer: AttemptAnswer): void {
    const [runId, functionId, attempt, epoch] = answer.of;
    const run = this.#open.get(runId)?.get(functionId);
    if (run?.node === from && run.name[2] === attempt && run.name[3] === epoch) run.heard(answer);
  }

  /** The node refuses messages about the run from here, as it believes that another node drives it. The attempts must run elsewhere. */
  runRefused(name: string, runId: string): void {
    for (const run of this.#on(name)) if (run.name[0] === runId) run.refused();
  }

  /** Messages on the former link may be lost: asks again. */
  linkUp(name: string): void {
    for (const run of this.#on(name)) run.ask();
  }

  /** The node is no longer a member: it `left` after a goodbye, or was `lost`. */
  gone(name: string, how: 'left' | 'lost'): void {
    for (const run of this.#on(name)) run.gone(how);
  }

  /** All links are closed, so no node will answer. */
  close(): void {
    for (const run of this.#all()) run.gone('lost');
    this.#looking?.cancel();
  }

  readonly #look = (): void => {
    this.#looking = this.#open.size > 0 ? this.#clock.after(LOOK_MS, this.#look) : undefined;
    const nowMs = this.#clock.now();
    const moving = this.#moving();
    const all = this.#all();
    for (const run of all) if (moving.has(run.node)) run.isMoving(nowMs);
    for (const run of all) if (nowMs - run.unansweredSinceMs >= FIRST_ANSWER_MS) run.unanswered();
  };

  /** Returns the nodes with long data on its way to or from them: questions and answers may wait for it, on a slow link for minutes. */
  #moving(): ReadonlySet<string> {
    const nodes = new Set(this.#all().map(({ node }) => node));
    for (const node of this.#receivedBytes.keys()) if (!nodes.has(node)) this.#receivedBytes.delete(node);
    for (const node of [...nodes]) {
      const bytes = this.#traffic.receivedFrom(node);
      const isMoving = bytes !== (this.#receivedBytes.get(node) ?? 0) || this.#traffic.waitingBytes(node) > 0;
      this.#receivedBytes.set(node, bytes);
      if (!isMoving) nodes.delete(node);
    }
    return nodes;
  }

  #on(name: string): FarRun[] {
    return this.#all().filter(({ node }) => node === name);
  }

  #all(): FarRun[] {
    return [...this.#open.values()].flatMap((open) => [...open.values()]);
  }

  /** Returns what distinguishes one taking back from all others. */
  nextTakeBack(): number {
    this.#takeBacks += 1;
    return this.#takeBacks;
  }

  /** The attempt is over. */
  ended(run: FarRun): void {
    const [runId, functionId] = run.name;
    const open = this.#open.get(runId);
    if (open?.get(functionId) !== run) return;
    open.delete(functionId);
    if (open.size === 0) this.#open.delete(runId);
  }
}

/** The open attempts of one run, by function. */
type OpenAttempts = PassingMap<string, FarRun>;

const STILL: Traffic = { waitingBytes: () => 0, receivedFrom: () => 0 };

class FarRun implements FarHandle {
  readonly name: AttemptName;
  readonly node: string;
  slot = 0;
  readonly #listener: RemoteAttemptListener;
  #question: WireMessageOf<'run-attempt'>;
  readonly #send: (to: string, message: WireMessage) => boolean;
  readonly #clock: Clock;
  readonly #attempts: RemoteExecutor;
  /** Since when the node has been asked without an answer. Infinite if it has answered, or could not be asked. */
  unansweredSinceMs = Number.POSITIVE_INFINITY;
  #stop: WireMessageOf<'stop-attempt'> | undefined;
  #takeBack: WireMessageOf<'take-back-attempt'> | undefined;
  #asking: Timer | undefined;
  #stopping: { readonly atMs: number; readonly timer: Timer } | undefined;
  #isAnswered = false;
  #isStarted = false;
  #outcome: RemoteOutcome | undefined;
  #heard: ((outcome: RemoteOutcome) => void) | undefined;

  constructor(
    { context, epoch, steps, costs, mayQueue, isAhead = false, timeoutMs, stopGraceMs, recording = null, origin }: RemoteAttempt,
    listener: RemoteAttemptListener,
    root: string,
    send: (to: string, message: WireMessage) => boolean,
    clock: Clock,
    attempts: RemoteExecutor,
  ) {
    const { node, runId, dagId, functionId, attempt, since = null, element = null } = context;
    this.name = [runId, functionId, attempt, epoch];
    this.node = node;
    this.#listener = listener;
    this.#send = send;
    this.#clock = clock;
    this.#attempts = attempts;
    this.#question = {
      type: 'run-attempt',
      of: this.name,
      dagId,
      since,
      element,
      cost: Object.entries(costs),
      mayQueue,
      isAhead,
      steps: stepsForWire(steps, root),
      timeoutMs: timeoutMs ?? null,
      stopGraceMs,
      recording,
      origin: origin ? wireOrigin(origin) : null,
    };
  }

  listen(heard: (outcome: RemoteOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#outcome) return;
    this.#asking?.cancel();
    this.#stop = { type: 'stop-attempt', of: this.name, reason: packThrownForWire(reason), graceMs };
    this.#send(this.node, this.#stop);
    const delayMs = graceMs + STOP_ANSWER_MS;
    const atMs = this.#clock.now() + delayMs;
    if (this.#stopping && this.#stopping.atMs <= atMs) return;
    this.#stopping?.timer.cancel();
    this.#stopping = { atMs, timer: this.#clock.after(delayMs, () => this.#end({ type: 'stopped' })) };
  }

  ask(): void {
    try {
      const isSent = this.#send(this.node, this.#question);
      if (!this.#isAnswered) this.unansweredSinceMs = isSent ? this.#clock.now() : Number.POSITIVE_INFINITY;
      if (this.#takeBack && !this.#isStarted) this.#send(this.node, this.#takeBack);
      if (this.#stop) this.#send(this.node, this.#stop);
    } catch (error) {
      const [, functionId] = this.name;
      const message = `Cannot send function "${functionId}" to node "${this.node}": ${textOf(error)}`;
      this.#end({
        type: 'failed',
        error: new HandoffError('HANDOFF_NOT_SERIALIZABLE', message, { functionId, cause: error }),
        final: true,
      });
    }
  }

  takeBack(): void {
    if (this.#isStarted || this.#outcome || this.#stop || this.#takeBack) return;
    this.#takeBack = { type: 'take-back-attempt', of: this.name, ask: this.#attempts.nextTakeBack() };
    this.#send(this.node, this.#takeBack);
  }

  promote(): void {
    if (this.#isStarted || this.#outcome || this.#stop || this.#takeBack) return;
    this.#question = { ...this.#question, isAhead: false };
    this.#asking ??= this.#clock.after(NOT_BEGUN_MS, () => this.ask());
  }

  /** Data is on its way that the question or the answer may wait for. */
  isMoving(nowMs: number): void {
    if (this.unansweredSinceMs !== Number.POSITIVE_INFINITY) this.unansweredSinceMs = nowMs;
  }

  heard(answer: AttemptAnswer): void {
    this.#isAnswered = true;
    this.unansweredSinceMs = Number.POSITIVE_INFINITY;
    switch (answer.type) {
      case 'attempt-queued':
        return this.#listener.queued(Object.fromEntries(answer.lacking));
      case 'attempt-started':
        this.slot = answer.slot;
        return this.#started();
      case 'attempt-taken-back':
        if (answer.ask !== this.#takeBack?.ask || this.#isStarted) return;
        return this.#end(this.#stop ? { type: 'stopped' } : { type: 'declined' });
      case 'attempt-refused':
        this.#listener.refused(answer.usage);
        if (this.#question.mayQueue && !this.#stop) this.#listener.turnedDown(false);
        return this.#end(this.#stop ? { type: 'stopped' } : { type: 'declined' });
      case 'attempt-ended': {
        const outcome = outcomeFromWire(answer.outcome);
        if ('slot' in answer.outcome) this.slot = answer.outcome.slot;
        if (outcome.type !== 'stopped' && outcome.type !== 'argument-lost') this.#started();
        if (outcome.type === 'succeeded' || outcome.type === 'kept' || outcome.type === 'failed') this.#listener.served();
        else if (outcome.type === 'stopped' && !this.#stop) this.#listener.turnedDown(false);
        // A node that leaves stops attempts that it cannot finish, without a request from here.
        return this.#end(outcome.type === 'stopped' && !this.#stop ? { type: 'declined' } : this.#stop ? { type: 'stopped' } : outcome);
      }
    }
  }

  /** The node lives, and does not confirm the attempt: it counts as lost. If it runs there after all, it must be stopped. */
  unanswered(): void {
    const { node, name } = this;
    const message = `Node "${node}" has not answered within ${FIRST_ANSWER_MS} ms: asked to run function "${name[1]}"`;
    const reason = packThrownForWire(new HandoffError('HANDOFF_TIMEOUT', message, { node }));
    this.#send(node, { type: 'stop-attempt', of: name, reason, graceMs: 0 });
    if (!this.#stop) this.#listener.turnedDown(true);
    this.gone('lost');
  }

  /** The node refuses the run. */
  refused(): void {
    if (!this.#stop) this.#listener.turnedDown(false);
    this.gone('left');
  }

  /** Another attempt takes its place. */
  superseded(): void {
    this.#end({ type: 'stopped' });
  }

  gone(how: 'left' | 'lost'): void {
    this.#end(this.#stop ? { type: 'stopped' } : { type: how === 'left' ? 'declined' : 'lost' });
  }

  #started(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#asking?.cancel();
    this.#listener.started();
  }

  #end(outcome: RemoteOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#asking?.cancel();
    this.#stopping?.timer.cancel();
    this.#attempts.ended(this);
    this.#heard?.(outcome);
  }
}

/** An attempt for another node, `context.node`. */
export interface RemoteAttempt {
  readonly context: AttemptContext;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  readonly steps: readonly UngatheredStep[];
  readonly costs: Readonly<Record<string, number>>;
  readonly mayQueue: boolean;
  /** Whether it is sent ahead of room. Default false. */
  readonly isAhead?: boolean;
  readonly timeoutMs: number | undefined;
  readonly stopGraceMs: number;
  /** How its large value is recorded there. The default is not at all. */
  readonly recording?: WireMessageOf<'run-attempt'>['recording'];
  /** Where it belongs in a trace, if its run is traced. */
  readonly origin?: AttemptOrigin | undefined;
}

/** An attempt on another node. */
export interface FarHandle extends AttemptHandle<RemoteOutcome> {
  /** Takes it back, if it has not begun: then it ends as `declined`, once its node says so. */
  takeBack(): void;
  /** It was sent ahead of room, and there is room: its node is to say so if it waits there all the same. */
  promote(): void;
}

/** Receives the progress of an attempt before its end. */
export interface RemoteAttemptListener {
  started(): void;
  queued(lacking: Readonly<Record<string, number>>): void;
  /** The node's own report of its use when it declined. */
  refused(usage: WireMessageOf<'attempt-refused'>['usage']): void;
  /**
   * The node did not run it, for no known reason: it refused an attempt that may wait there, stopped one without a request, or sent nothing
   * in time (`isSilent`). Called after `refused` and before the end.
   */
  turnedDown(isSilent: boolean): void;
  /** The node has run it to an end, good or bad. */
  served(): void;
}

/** The traffic on the link to a node. */
export interface Traffic {
  /** How many bytes wait here until it takes what was sent before. */
  waitingBytes(node: string): number;
  /** How many bytes of values and other long data have come from it. */
  receivedFrom(node: string): number;
}

/** The answers of a node about an attempt. */
export type AttemptAnswer = WireMessageOf<
  'attempt-queued' | 'attempt-started' | 'attempt-refused' | 'attempt-taken-back' | 'attempt-ended'
>;
