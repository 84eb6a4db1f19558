import { type Clock, HandoffError, isError, type Logger, safeThrown, textOf } from '../../base/index.js';
import type { ExitReason, Shutdown } from '../contract.js';
import type { NactSystem } from '../nact.js';
import { deadline } from './deadline.js';
import { Handle } from './handle.js';

/** The time that a worker has to end if nothing else was specified, ms. Source: OTP `supervisor`, default of `shutdown` for workers. */
export const WORKER_GRACE_MS = 5_000;

/**
 * One cell of the tree of actors: an actor, a supervisor, a scope, a group, or the system itself. It holds what all have in common.
 * Children end before their parent, in reverse order, however it ends. A name is unique among the children of one parent. The end has one
 * reason and is reported once. nact knows nothing of this tree.
 */
export abstract class Cell {
  readonly system: NactSystem;
  readonly parent: Cell | undefined;
  readonly kind: CellKind;
  readonly name: string;
  /** Unique in this process. A name may be used again, this number never is. */
  readonly id: string;
  /** The time that this cell has to end when a parent that is no supervisor ends it. */
  abstract readonly grace: Shutdown;
  phase: CellPhase = 'starting';
  /** The time that it has when it ends by itself. A supervisor sets it to the child's `shutdown`. */
  ownGrace: Shutdown = WORKER_GRACE_MS;
  /** Known from the fence on. */
  reason: ExitReason | undefined;
  readonly #holdsName: boolean;
  #children: Set<Cell> | undefined;
  #names: Map<string, Cell> | undefined;
  #watchers: Set<ExitWatcher> | undefined;
  #exited: Promise<ExitReason> | undefined;

  /** Throws `HANDOFF_STOPPED` if the parent has ended or is about to, and `HANDOFF_START_FAILED` if it has a child of that name. */
  constructor(ground: NactSystem, parent: Cell | undefined, kind: CellKind, name: string | undefined) {
    this.system = ground;
    this.parent = parent;
    this.kind = kind;
    this.name = name ?? kind;
    this.id = `${this.name}!${placeCount + 1}`;
    this.#holdsName = name !== undefined;
    if (parent) parent.#adopt(this, name);
    placeCount += 1;
  }

  get clock(): Clock {
    return this.system.clock;
  }

  get logger(): Logger {
    return this.system.logger;
  }

  /** Whether it is dead: nothing it does has an effect any more. */
  get isOver(): boolean {
    return this.phase === 'fenced' || this.phase === 'ended';
  }

  /** The handle that users have of this cell. */
  abstract readonly handle: unknown;

  /** Receives a message. Returns false if the message will never be read. */
  abstract post(message: unknown): boolean;

  /** Asks the cell to end with `reason`. Its current work may finish, its children end first. Repeated calls do nothing. */
  abstract stop(reason: ExitReason): void;

  /**
   * Called once this cell and its children have ended: drops every reference, so that a handle kept by a user retains only the handle.
   */
  protected releaseReferences(): void {}

  /** Refuses further messages, before the cell is asked to end. A supervisor's children go on until their turn comes, as in OTP. */
  close(): void {}

  /** Called in the instant of the fence, before the descendants are killed. */
  protected abstract onFence(reason: ExitReason): void;

  /** Ends the cell and all its descendants at once: no message, no `onTerminate`. */
  kill(): void {
    this.end('killed');
  }

  /** Ends the cell: the fence first, then the remaining descendants are killed, then watchers are notified. */
  protected end(reason: ExitReason): void {
    if (this.isOver) return;
    this.phase = 'fenced';
    this.reason = reason;
    this.onFence(reason);
    this.killChildren();
    this.#settle(reason);
  }

  /** Calls `watcher` when this cell ends, or now if it has ended. */
  watch(watcher: ExitWatcher): void {
    if (this.phase === 'ended') watcher(this.reason!);
    else {
      this.#watchers ??= new Set();
      this.#watchers.add(watcher);
    }
  }

  unwatch(watcher: ExitWatcher): void {
    this.#watchers?.delete(watcher);
  }

  /** Resolves to the reason, also after the end. Never rejects. */
  get exited(): Promise<ExitReason> {
    this.#exited ??= new Promise((resolve) => this.watch(resolve));
    return this.#exited;
  }

  /** Whether `other` is this cell or one above it. */
  isWithin(other: Cell): boolean {
    for (let place: Cell | undefined = this; place; place = place.parent) if (place === other) return true;
    return false;
  }

  protected killChildren(): void {
    if (this.#children) for (const child of [...this.#children].reverse()) child.kill();
  }

  protected closeChildren(): void {
    if (this.#children) for (const child of this.#children) child.close();
  }

  /**
   * Ends the children one after another, youngest first. Call it in phase `closing`, in which none can be added. Returns `undefined` if
   * nothing needs to be awaited.
   */
  protected endChildren(): Promise<void> | undefined {
    if (!this.#children?.size) return undefined;
    this.closeChildren();
    const left = [...this.#children];
    for (let child = left.pop(); child; child = left.pop()) {
      const ending = shutDown(child, child.grace);
      if (ending) return endInTurn(ending, left);
    }
    return undefined;
  }

  /** The names that are taken among its children. */
  protected get names(): Map<string, Cell> {
    this.#names ??= new Map();
    return this.#names;
  }

  #adopt(child: Cell, name: string | undefined): void {
    if (this.phase === 'closing' || this.isOver) throw stoppedError(`Cannot start under "${this.name}"`, this);
    if (name !== undefined) {
      const holder = this.names.get(name);
      if (holder) {
        throw new HandoffError('HANDOFF_START_FAILED', `Cannot start "${name}": the name is taken under "${this.name}"`, {
          reason: 'already-started',
          field: 'name',
          value: holder.handle,
        });
      }
      this.names.set(name, child);
    }
    this.#children ??= new Set();
    this.#children.add(child);
  }

  #settle(reason: ExitReason): void {
    this.phase = 'ended';
    this.#children = undefined;
    this.#names = undefined;
    this.releaseReferences();
    const { parent } = this;
    if (parent) {
      parent.#children?.delete(this);
      if (this.#holdsName) parent.names.delete(this.name);
    }
    const watchers = this.#watchers;
    this.#watchers = undefined;
    if (watchers) for (const watcher of watchers) watcher(reason);
  }
}

let placeCount = 0;

async function endInTurn(first: Promise<void>, left: Cell[]): Promise<void> {
  await first;
  for (let child = left.pop(); child; child = left.pop()) {
    const ending = shutDown(child, child.grace);
    if (ending) await ending;
  }
}

/**
 * Ends a cell as `shutdown` says: asks it, waits so many ms, then kills it; with 0 it asks and does not wait. Returns a promise that
 * resolves when the cell has ended, or `undefined` if nothing needs to be awaited. Source: OTP `supervisor`, `shutdown/1`.
 */
export function shutDown(place: Cell, shutdown: Shutdown): Promise<void> | undefined {
  if (shutdown === 'brutal-kill') place.kill();
  else {
    place.stop('shutdown');
    if (shutdown === 0) place.kill();
  }
  if (place.phase === 'ended') return undefined;
  return new Promise((resolve) => {
    const timer = typeof shutdown === 'number' ? deadline(place.clock, shutdown, () => place.kill()) : undefined;
    place.watch(() => {
      timer?.cancel();
      resolve();
    });
  });
}

/** Returns the error of a call that came too late. */
export function stoppedError(what: string, place: Cell): HandoffError {
  const { reason } = place;
  const ended = reason === undefined ? 'it is stopping' : `it ended with ${isError(reason) ? `"${textOf(reason)}"` : reason}`;
  return new HandoffError('HANDOFF_STOPPED', `${what}: ${ended}`, isError(reason) ? { cause: reason } : {});
}

/** Returns the cell behind a user's handle. Throws `TypeError` for anything else, naming the parameter. */
export function cellOf(parameter: string, handle: unknown): Cell {
  const target = Handle.targetOf(handle);
  if (target instanceof Cell) return target;
  throw new TypeError(`${parameter} must be an actor, a supervisor or a system of this package, not ${printed(handle)}`);
}

/** Describes a wrong argument for a message, without its contents. */
export function printed(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}

/** Returns what user code threw as an exit reason. Never throws. */
export function asError(thrown: unknown): Error {
  const safe = safeThrown(thrown);
  if (isError(safe) || HandoffError.is(safe)) return safe;
  return new Error(`something that is no Error was thrown: ${printed(safe)}`, { cause: safe });
}

/**
 * The phases of a cell's life. `stopping`: asked to stop, its current work may finish. `closing`: ends its children, then itself, and
 * accepts no new ones. `fenced`: dead, while its descendants are being killed. `ended`: its reason is known.
 */
export type CellPhase = 'starting' | 'running' | 'stopping' | 'closing' | 'fenced' | 'ended';

/** The kinds of cells. Only actors and supervisors can be children of a supervisor. */
export type CellKind = 'system' | 'supervisor' | 'scope' | 'actor' | 'group';

/** Called once when a cell ends, within the same turn. Must not throw. */
export type ExitWatcher = (reason: ExitReason) => void;
