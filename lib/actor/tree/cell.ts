import { type Clock, HandoffError, isError, type Logger, safeThrown, textOf } from '../../base/index.js';
import type { ExitReason, Shutdown } from '../contract.js';
import type { NactSystem } from '../nact.js';
import { deadline } from './deadline.js';
import { Handle } from './handle.js';

/** Given to workers that nobody gave another grace. Source: OTP `supervisor`, default of `shutdown` for workers. */
export const WORKER_GRACE_MS = 5_000;

/**
 * Where a place is in its life. `stopping`: asked to stop, what it does at the moment may finish; `closing`: ends its children, then
 * itself, and takes no new ones; `fenced`: dead, while its descendants are being killed; `ended`: its reason is known.
 */
export type CellPhase = 'starting' | 'running' | 'stopping' | 'closing' | 'fenced' | 'ended';

/** What stands at a place. Only actors and supervisors can be somebody's children. */
export type CellKind = 'system' | 'supervisor' | 'scope' | 'actor' | 'group';

/** Hears once how a place ended, within the turn in which it does; must not throw. */
export type ExitWatcher = (reason: ExitReason) => void;

/**
 * One place in the tree of actors: an actor, a supervisor, a scope, a group, the system itself. Holds what all have in common: children end
 * before their parent, in reverse order, however it ends; a name is unique among the children of one parent; the end has one reason and is
 * told once. nact knows nothing of this tree.
 */
export abstract class Cell {
  readonly system: NactSystem;
  readonly parent: Cell | undefined;
  readonly kind: CellKind;
  readonly name: string;
  /** Unique in this process: the name is taken again, the number never. */
  readonly id: string;
  /** What this place is given to end in, when a parent that is no supervisor ends it. */
  abstract readonly grace: Shutdown;
  phase: CellPhase = 'starting';
  /** What it is given to end in when it ends by itself. A supervisor sets it to the child's `shutdown`. */
  ownGrace: Shutdown = WORKER_GRACE_MS;
  /** Known from the fence on. */
  reason: ExitReason | undefined;
  readonly #holdsName: boolean;
  #children: Set<Cell> | undefined;
  #names: Map<string, Cell> | undefined;
  #watchers: Set<ExitWatcher> | undefined;
  #exited: Promise<ExitReason> | undefined;

  /** Throws `HANDOFF_STOPPED` when the parent has ended or is about to, `HANDOFF_START_FAILED` when it has a child of that name. */
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

  /** Dead: no effect of it is to be seen any more. */
  get isOver(): boolean {
    return this.phase === 'fenced' || this.phase === 'ended';
  }

  /** The handle by which users know this place. */
  abstract readonly handle: unknown;

  /** Takes a message; false when it will never be read. */
  abstract post(message: unknown): boolean;

  /** Asks it to end, with `reason`: what it does at the moment may finish, its children end first. Repeated calls do nothing. */
  abstract stop(reason: ExitReason): void;

  /**
   * Called once this cell and its children have ended: drops every reference, so that a handle kept by a user retains only the handle.
   */
  protected releaseReferences(): void {}

  /** Lets no further message in, before it is asked to end. A supervisor's children go on until their turn comes, as in OTP. */
  close(): void {}

  /** What has to happen in the instant of the fence, before the descendants are killed. */
  protected abstract onFence(reason: ExitReason): void;

  /** Ends it and all its descendants at once: no message, no `onTerminate`. */
  kill(): void {
    this.end('killed');
  }

  /** The end: fenced first, then the descendants that are left are killed, then it is told. */
  protected end(reason: ExitReason): void {
    if (this.isOver) return;
    this.phase = 'fenced';
    this.reason = reason;
    this.onFence(reason);
    this.killChildren();
    this.#settle(reason);
  }

  /** Calls `watcher` when this place ends, or now if it has. */
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

  /** Resolves with the reason, also after the fact; never rejects. */
  get exited(): Promise<ExitReason> {
    this.#exited ??= new Promise((resolve) => this.watch(resolve));
    return this.#exited;
  }

  /** Whether `other` is this place or stands above it. */
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
   * Ends the children one after another, the youngest first; to be called in phase `closing`, in which none can be added. `undefined` when
   * that needed no waiting.
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

  /** Where the names of its children must be unique. */
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
 * Ends a place as `shutdown` says: asks it, gives it so many ms, kills it; 0 asks and does not wait. `undefined` when that needed no
 * waiting, else a promise that resolves when it has ended. Source: OTP `supervisor`, `shutdown/1`.
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

/** What a call gets that came too late. */
export function stoppedError(what: string, place: Cell): HandoffError {
  const { reason } = place;
  const ended = reason === undefined ? 'it is stopping' : `it ended with ${isError(reason) ? `"${textOf(reason)}"` : reason}`;
  return new HandoffError('HANDOFF_STOPPED', `${what}: ${ended}`, isError(reason) ? { cause: reason } : {});
}

/** The place behind a handle that users hold. Throws `TypeError` for anything else, naming the parameter. */
export function cellOf(parameter: string, handle: unknown): Cell {
  const target = Handle.targetOf(handle);
  if (target instanceof Cell) return target;
  throw new TypeError(`${parameter} must be an actor, a supervisor or a system of this package, not ${printed(handle)}`);
}

/** What was given instead, for a message: never its contents. */
export function printed(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}

/** What user code threw, as an exit reason. Never throws. */
export function asError(thrown: unknown): Error {
  const safe = safeThrown(thrown);
  if (isError(safe) || HandoffError.is(safe)) return safe;
  return new Error(`something that is no Error was thrown: ${printed(safe)}`, { cause: safe });
}
