import type { ChildInfo, ChildRef, Parent, Restart, Shutdown } from '../contract.js';
import type { Cell } from '../tree/cell.js';
import type { Scope } from '../tree/scope.js';
import { type CheckedSpec, graceOf, type OwnLimit } from './child-spec.js';
import type { ChildState } from './restart-plan.js';

/** An incarnation that was started: what the user knows of it, and what we do. */
export interface ChildIncarnation {
  readonly ref: ChildRef;
  readonly place: Cell;
  readonly scope: Scope;
}

/** One child of a supervisor, over all its incarnations. */
export class Child implements ChildState {
  readonly id: string;
  readonly restart: Restart;
  readonly significant: boolean;
  type: 'worker' | 'supervisor';
  state: ChildState['state'] = 'stopped';
  incarnation: ChildIncarnation | undefined;
  /** How often its supervisor started it again, also because of siblings. */
  restarts = 0;
  /** Why it was, or was to be, started again last. */
  lastFault: unknown;
  /** Where its restarts are no matter of its supervisor's: how many there may be, and when the last of them were. */
  readonly ownLimit: OwnLimit | undefined;
  restartedAtMs: readonly number[] = [];
  readonly #isTypeGiven: boolean;
  readonly #shutdown: Shutdown | undefined;
  #start: CheckedSpec['start'] | undefined;

  constructor({ id, start, restart, significant, type, shutdown, ownLimit }: CheckedSpec) {
    this.id = id;
    this.restart = restart;
    this.significant = significant;
    this.type = type ?? 'worker';
    this.#isTypeGiven = type !== undefined;
    this.#shutdown = shutdown;
    this.#start = start;
    this.ownLimit = ownLimit;
  }

  /** Whether nothing of it is kept once it has ended and is not started again. */
  get isPassing(): boolean {
    return this.restart === 'temporary' || this.ownLimit !== undefined;
  }

  get shutdown(): Shutdown {
    return graceOf(this.#shutdown, this.type);
  }

  /** Running, and not yet dead: its end may not have come through the mailbox. */
  get isActive(): boolean {
    return this.incarnation !== undefined && !this.incarnation.place.isOver;
  }

  info(): ChildInfo {
    return { id: this.id, ref: this.incarnation?.ref, state: this.state, type: this.type, restart: this.restart };
  }

  /** Calls the user's `start`. A temporary child's is called once and let go, with all that it holds on to. */
  start(parent: Parent): unknown {
    const start = this.#start!;
    if (this.restart === 'temporary') this.#start = undefined;
    return start(parent);
  }

  runs(incarnation: ChildIncarnation): void {
    this.incarnation = incarnation;
    this.state = 'running';
    if (!this.#isTypeGiven && incarnation.place.kind === 'supervisor') this.type = 'supervisor';
  }

  rests(state: 'stopped' | 'restarting'): void {
    this.incarnation = undefined;
    this.state = state;
  }
}
