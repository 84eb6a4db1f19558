import { HandoffError, textOf } from '../../base/index.js';
import type { ExitReason, Parent } from '../contract.js';
import type { Mailbox, NactSystem, Receiver } from '../nact.js';
import { asError, Cell, shutDown, stoppedError } from '../tree/cell.js';
import { deadline } from '../tree/deadline.js';
import type { Scope } from '../tree/scope.js';
import { Child } from './child.js';
import type { CheckedSpec, CheckedSupervisorOptions } from './child-spec.js';
import { ChildStarter } from './child-starter.js';
import { refusal, startFailed } from './refusal.js';
import { afterExit, endsSupervisor, isClean, restartPlan } from './restart-plan.js';
import { restartWindow } from './restart-window.js';
import type { PendingSupervisorCall, SupervisorCall, SupervisorMessage } from './supervisor-calls.js';

/** How long a question about the children waits for the calls before it, ms. */
const LOOK_MS = 1000;

/**
 * One incarnation of a supervisor. It performs what `restart-plan` and `restart-window` decide. Everything comes through its one nact
 * mailbox. It takes the next message only when the last is done, including starts and stops of children. It refuses calls once it is asked
 * to stop. Source: OTP `supervisor`.
 */
export class SupervisorCell extends Cell implements Receiver {
  readonly grace = 'infinity';
  readonly handle: Parent;
  readonly children = new Map<string, Child>();
  gaveUp: GaveUp | undefined;
  readonly #options: Omit<CheckedSupervisorOptions, 'children'>;
  readonly #mailbox: Mailbox;
  readonly #pending = new Set<PendingSupervisorCall>();
  #restartedAtMs: readonly number[] = [];
  readonly #starter = new ChildStarter(this, (child, place, reason) => this.#childIsOver(child, place, reason));
  #begun!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor(
    ground: NactSystem,
    parent: Cell,
    options: Omit<CheckedSupervisorOptions, 'children'>,
    handleOf: (place: SupervisorCell) => Parent,
  ) {
    super(ground, parent, 'supervisor', options.name);
    this.#options = options;
    this.handle = handleOf(this);
    this.#mailbox = ground.open(this, this.name);
  }

  get options(): Omit<CheckedSupervisorOptions, 'children'> {
    return this.#options;
  }

  /** Starts the initial children in order. Rejects if one fails, or if the supervisor is killed meanwhile; then no child is left. */
  begin(specs: readonly CheckedSpec[]): Promise<void> {
    const begun = new Promise<void>((resolve, reject) => {
      const ended = (): void => reject(stoppedError(`Cannot start "${this.name}"`, this));
      this.watch(ended);
      const begin = (): void => {
        // After a successful start, its end is no error.
        this.unwatch(ended);
        resolve();
      };
      this.#begun = { resolve: begin, reject };
    });
    // Not in the closure above: that lives as long as this cell, and would retain what temporary children's starts refer to.
    this.#send({ type: 'begin', specs });
    return begun;
  }

  /** Whether it accepts calls: it has not been asked to stop. */
  get takesOrders(): boolean {
    return this.phase === 'starting' || this.phase === 'running';
  }

  /** Resolves to the result of a call, or rejects with its refusal. Rejects with `HANDOFF_STOPPED` at once if the supervisor has ended. */
  request(order: SupervisorCall): Promise<unknown> {
    if (!this.takesOrders) return Promise.reject(stoppedError(`Cannot obey ${order.type} in "${this.name}"`, this));
    return new Promise((resolve, reject) => {
      const pending = { order, resolve, reject };
      this.#pending.add(pending);
      if (order.type === 'terminate-child') this.#starter.unwanted(order.id);
      if (order.type === 'which-children' || order.type === 'count-children') this.#answerSoon(pending, order.type);
      this.#send({ type: 'order', pending });
    });
  }

  /** A question about the children waits its turn, but not for ever: an earlier start may never settle. */
  #answerSoon(pending: PendingSupervisorCall, type: 'which-children' | 'count-children'): void {
    const timer = deadline(this.clock, LOOK_MS, () => pending.resolve(this.#look(type)));
    pending.answered = () => timer.cancel();
  }

  /** Reached only through a handle: a supervisor ignores messages of users. */
  post(): boolean {
    if (this.isOver) return false;
    this.#send({ type: 'stray' });
    return true;
  }

  /** Without a promise where nothing must be awaited: runs come and go by the thousand. */
  receive(message: unknown): Promise<void> | undefined {
    if (this.isOver) return undefined;
    try {
      return this.#handle(message as SupervisorMessage)?.catch((error: unknown) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    // Whatever was in progress when it was killed ends here.
    if (this.isOver) return;
    this.logger.error({ supervisor: this.id, error: textOf(error) }, 'A supervisor failed');
    this.end(asError(error));
  }

  stop(reason: ExitReason): void {
    if (!this.takesOrders) return;
    this.phase = 'stopping';
    this.#send({ type: 'stop', reason });
    this.#starter.hurry();
  }

  protected onFence(): void {
    this.#mailbox.close();
    this.#starter.hurry();
    for (const { order, reject, answered } of this.#pending) {
      answered?.();
      reject(stoppedError(`Cannot obey ${order.type} in "${this.name}"`, this));
    }
    this.#pending.clear();
  }

  protected override killChildren(): void {
    // Through the list first: a start may have returned a ref that is not below this supervisor.
    for (const { incarnation } of [...this.children.values()].reverse()) incarnation?.place.kill();
    super.killChildren();
  }

  protected override releaseReferences(): void {
    this.children.clear();
  }

  #send(message: SupervisorMessage): void {
    this.#mailbox.post(message);
  }

  #handle(message: SupervisorMessage): Promise<void> | undefined {
    switch (message.type) {
      case 'begin':
        return this.#begin(message.specs);
      case 'order':
        return this.#answer(message.pending);
      case 'child-ended':
        if (message.child.incarnation?.place !== message.place) return undefined;
        return this.#childEnded(message.child, message.reason);
      case 'retry-restart':
        if (message.child.state !== 'restarting') return undefined;
        return this.#restart(message.child);
      case 'stop':
        return this.#shutDown(message.reason);
      case 'stray':
        this.logger.warn({ supervisor: this.id }, 'Ignored a message: a supervisor accepts none');
        return undefined;
    }
  }

  async #begin(specs: readonly CheckedSpec[]): Promise<void> {
    for (const spec of specs) {
      if (this.phase !== 'starting') break;
      const child = new Child(spec);
      this.children.set(child.id, child);
      const started = await this.#starter.start(child);
      if (started.type === 'ignored' && child.isPassing) this.children.delete(child.id);
      if (started.type === 'failed' && this.phase === 'starting') return this.#rollBack(child, started.cause);
    }
    // Asked to stop meanwhile: started children end as usual.
    if (this.phase !== 'starting') return this.#begun.reject(stoppedError(`Cannot start "${this.name}"`, this));
    this.phase = 'running';
    this.#begun.resolve();
  }

  async #rollBack(child: Child, cause: unknown): Promise<void> {
    const message = `Cannot start "${this.name}": child "${child.id}" failed to start: ${textOf(cause)}`;
    const error = new HandoffError('HANDOFF_START_FAILED', message, { childId: child.id, cause });
    // `begin` rejects with this error as soon as the supervisor ends, and not with its exit.
    await this.#closeAll();
    this.#begun.reject(error);
    this.end(error);
  }

  async #answer(pending: PendingSupervisorCall): Promise<void> {
    pending.answered?.();
    try {
      const answer = await this.#obey(pending.order);
      this.#pending.delete(pending);
      pending.resolve(answer);
    } catch (error) {
      this.#pending.delete(pending);
      pending.reject(error);
      if (!HandoffError.is(error)) throw error;
    }
  }

  /** Returns the answer, or a promise of it. */
  #obey(order: SupervisorCall): unknown {
    switch (order.type) {
      case 'start-child':
        return this.#startChild(order);
      case 'terminate-child':
        return this.#terminateChild(order);
      case 'restart-child':
        return this.#restartChild(order);
      case 'delete-child':
        this.children.delete(this.#findStopped(order, order.id).id);
        return undefined;
      case 'which-children':
      case 'count-children':
        return this.#look(order.type);
    }
  }

  async #startChild(order: StartChild): Promise<unknown> {
    const { spec } = order;
    const present = this.children.get(spec.id);
    if (present) throw refusal(order, spec.id, present.state === 'running' ? 'already-started' : 'already-present', present);
    const child = new Child(spec);
    const started = await this.#starter.start(child);
    if (started.type === 'failed') throw this.#startFailed(spec.id, started.cause);
    if (started.type === 'started' || !child.isPassing) this.children.set(spec.id, child);
    return child.incarnation?.ref;
  }

  async #terminateChild(order: ChildCall): Promise<void> {
    const isBrokenOff = this.#starter.breaksOff(order.id);
    if (isBrokenOff && !this.children.has(order.id)) return;
    const child = this.#find(order, order.id);
    await this.#terminate(child);
    if (child.isPassing) this.children.delete(child.id);
  }

  async #restartChild(order: ChildCall): Promise<unknown> {
    const child = this.#findStopped(order, order.id);
    const started = await this.#starter.start(child);
    if (started.type === 'failed') throw this.#startFailed(child.id, started.cause);
    return child.incarnation?.ref;
  }

  #look(type: 'which-children' | 'count-children'): unknown {
    const all = [...this.children.values()];
    if (type === 'which-children') return all.map((child) => child.info());
    const supervisors = all.filter((child) => child.type === 'supervisor').length;
    const active = all.filter((child) => child.isActive).length;
    return { specs: all.length, active, supervisors, workers: all.length - supervisors };
  }

  #find(order: SupervisorCall, id: string): Child {
    const child = this.children.get(id);
    if (!child) throw refusal(order, id, 'not-found');
    return child;
  }

  #findStopped(order: SupervisorCall, id: string): Child {
    const child = this.#find(order, id);
    if (child.state !== 'stopped') throw refusal(order, id, child.state, child);
    return child;
  }

  /** Passes a child's end through the mailbox like everything else, not within the turn in which it ended. */
  #childIsOver(child: Child, place: Cell, reason: ExitReason): void {
    if (!this.isOver) this.#send({ type: 'child-ended', child, place, reason });
  }

  #startFailed(childId: string, cause: unknown): HandoffError {
    return this.phase === 'stopping' && HandoffError.is(cause, 'HANDOFF_STOPPED') ? cause : startFailed(childId, cause);
  }

  async #terminate(child: Child): Promise<void> {
    const { incarnation } = child;
    if (incarnation) {
      const ending = shutDown(incarnation.place, child.shutdown);
      if (ending) await ending;
      await this.#clear(incarnation.scope);
    }
    child.rests('stopped');
  }

  /** Ends what a child's start spawned besides the child. */
  #clear(scope: Scope): Promise<void> | undefined {
    const ending = shutDown(scope, 'infinity');
    if (ending) return ending.then(() => this.#refuseIfOver());
    this.#refuseIfOver();
    return undefined;
  }

  #childEnded(child: Child, reason: ExitReason): Promise<void> | undefined {
    const { scope } = child.incarnation!;
    child.rests('stopped');
    const clearing = this.#clear(scope);
    return clearing ? clearing.then(() => this.#followUp(child, reason)) : this.#followUp(child, reason);
  }

  /** Does what follows from the end of a child. */
  #followUp(child: Child, reason: ExitReason): Promise<void> | undefined {
    const next = afterExit(child.restart, reason);
    if (!isClean(reason)) {
      const fields = { supervisor: this.id, childId: child.id, reason: textOf(reason), next };
      this.logger.warn(fields, 'A child ended abnormally');
    }
    if (next === 'restart') {
      child.lastFault = reason;
      return this.#restart(child);
    }
    if (child.isPassing) this.children.delete(child.id);
    return endsSupervisor(this.#options.autoShutdown, child, this.children.values()) ? this.#shutDown('shutdown') : undefined;
  }

  /** Performs one restart. It counts once, however many siblings it includes. */
  async #restart(child: Child): Promise<void> {
    const { ownLimit } = child;
    const stamps = restartWindow(ownLimit ? child.restartedAtMs : this.#restartedAtMs, this.clock.now(), ownLimit ?? this.#options);
    if (stamps === 'give-up') {
      if (ownLimit) {
        this.children.delete(child.id);
        return ownLimit.onGiveUp(child.lastFault);
      }
      this.gaveUp = { childId: child.id, cause: child.lastFault };
      const fields = { supervisor: this.id, childId: child.id, cause: textOf(child.lastFault) };
      this.logger.error(fields, 'A supervisor gave up: its children were restarted too often');
      return this.#shutDown('shutdown');
    }
    if (ownLimit) child.restartedAtMs = stamps;
    else this.#restartedAtMs = stamps;
    const plan = restartPlan(this.#options.strategy, this.children.values(), child.id);
    for (const id of plan.stop) await this.#terminate(this.children.get(id)!);
    for (const id of plan.forget) this.children.delete(id);
    for (const id of plan.start) {
      if (!this.takesOrders) return;
      const next = this.children.get(id)!;
      const started = await this.#starter.start(next);
      if (started.type === 'failed') return this.#retryLater(next, started.cause);
      if (started.type === 'ignored' && next.isPassing) this.children.delete(id);
      next.restarts += 1;
    }
  }

  /** Queues the retry behind waiting messages, so that calls get between: a child that cannot start must not lock its supervisor. */
  #retryLater(child: Child, cause: unknown): void {
    child.rests('restarting');
    child.lastFault = cause;
    this.logger.warn({ supervisor: this.id, childId: child.id, cause: textOf(cause) }, 'A child could not be started again');
    this.#send({ type: 'retry-restart', child });
  }

  async #shutDown(reason: ExitReason): Promise<void> {
    this.phase = 'closing';
    await this.#closeAll();
    this.end(reason);
  }

  async #closeAll(): Promise<void> {
    this.phase = 'closing';
    for (const child of [...this.children.values()].reverse()) await this.#terminate(child);
    await this.endChildren();
    this.#refuseIfOver();
  }

  /** Throws if the supervisor was killed while it waited: its next step must not happen. */
  #refuseIfOver(): void {
    if (this.isOver) throw stoppedError(`Cannot go on in "${this.name}"`, this);
  }
}

/** Why a supervisor gave up: the child with one restart too many, and the reason of its last end. */
export interface GaveUp {
  readonly childId: string;
  readonly cause: unknown;
}

type StartChild = Extract<SupervisorCall, { type: 'start-child' }>;

/** A call about one child by its id. */
type ChildCall = Extract<SupervisorCall, { readonly id: string }>;
