import type { ChildInfo, ChildRef, Parent, Restart, Shutdown } from '../contract.js';
import type { Cell } from '../tree/cell.js';
import type { Scope } from '../tree/scope.js';
import { type CheckedSpec, graceOf, type OwnLimit } from './child-spec.js';
import type { ChildState } from './restart-plan.js';

/** One child of a supervisor, over all its incarnations. */
export class Child implements ChildState {
  readonly id: string;
  readonly restart: Restart;
  readonly significant: boolean;
  type: 'worker' | 'supervisor';
  state: ChildState['state'] = 'stopped';
  incarnation: ChildIncarnation | undefined;
  /** How often its supervisor restarted it, also because of siblings. */
  restarts = 0;
  /** The reason for its last restart, or for the one that was due. */
  lastFault: unknown;
  /** The child's own restart limit, if its restarts are not counted by its supervisor: the limit and the times of the latest restarts. */
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

  /** Whether it is removed once it has ended for good. */
  get isPassing(): boolean {
    return this.restart === 'temporary' || this.ownLimit !== undefined;
  }

  get shutdown(): Shutdown {
    return graceOf(this.#shutdown, this.type);
  }

  /** Whether it is running and not yet dead. The message about its end may still be in the mailbox. */
  get isActive(): boolean {
    return this.incarnation !== undefined && !this.incarnation.place.isOver;
  }

  info(): ChildInfo {
    return { id: this.id, ref: this.incarnation?.ref, state: this.state, type: this.type, restart: this.restart };
  }

  /** Calls the user's `start`. A temporary child's `start` is called once and then released, with all that it refers to. */
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

/** A started incarnation: the user's ref and our cell. */
export interface ChildIncarnation {
  readonly ref: ChildRef;
  readonly place: Cell;
  readonly scope: Scope;
}
