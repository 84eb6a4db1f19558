import { textOf } from '../base/index.js';
import type { ExitReason, Parent } from './contract.js';
import { asError, Cell, cellOf, stoppedError } from './tree/cell.js';

/** One incarnation of a group member, as an `ActorRef` is one of an actor. */
export interface GroupRef {
  readonly name: string;
  readonly alive: boolean;
  /** Handles a message now, within the caller's turn and the member's own fences. Does nothing if the member has ended. */
  hear(message: unknown): void;
  /**
   * Ends the member at once, also from within its own handler. No message is handled afterwards. The first reason counts.
   * @default 'normal'
   */
  stop(reason?: 'normal' | 'shutdown' | Error): void;
  /** Like `stop`, with the reason `'killed'`. */
  kill(): void;
}

/** Handles a message synchronously. A thrown error ends the member with that error. */
export type MemberHandler<M> = (message: M, self: GroupRef) => void;

/** Called once when a member ends, within the same turn and after its fence. What it throws is logged. */
export type MemberExit = (reason: ExitReason) => void;

/** Many short-lived actors under one parent, which neither restarts nor awaits them: see `openGroup`. */
export interface ActorGroup {
  /** Starts a member. Names are for people and need not be unique. Throws `HANDOFF_STOPPED` if the group has ended. */
  spawn<M = unknown>(name: string, handler: MemberHandler<M>, onExit: MemberExit): GroupRef;
}

/** Has no mailbox: what it is to do it is given within the turn of its caller. So an actor for each function costs next to nothing. */
class Member implements GroupRef {
  readonly name: string;
  alive = true;
  /** Members form a linked list, as a set costs three times as much. */
  older: Member | undefined;
  younger: Member | undefined;
  readonly #group: GroupPlace;
  #handler: MemberHandler<unknown> | undefined;
  #onExit: MemberExit | undefined;

  constructor(group: GroupPlace, name: string, handler: MemberHandler<unknown>, onExit: MemberExit) {
    this.name = name;
    this.#group = group;
    this.#handler = handler;
    this.#onExit = onExit;
  }

  stop(reason: 'normal' | 'shutdown' | Error = 'normal'): void {
    this.end(reason);
  }

  kill(): void {
    this.end('killed');
  }

  end(reason: ExitReason): void {
    if (!this.alive) return;
    this.alive = false;
    this.#group.forget(this);
    const onExit = this.#onExit!;
    this.#handler = undefined;
    this.#onExit = undefined;
    try {
      onExit(reason);
    } catch (error) {
      this.#group.logger.error({ actor: this.name, error: textOf(error) }, 'An onExit failed');
    }
  }

  hear(message: unknown): void {
    if (!this.alive) return;
    try {
      const handler = this.#handler!;
      handler(message, this);
    } catch (error) {
      this.end(asError(error));
    }
  }
}

/** The group's one cell in the tree. Its members have no cells. */
class GroupPlace extends Cell implements ActorGroup {
  readonly grace = 'infinity';
  readonly handle = this;
  #youngest: Member | undefined;

  constructor(parent: Cell) {
    super(parent.system, parent, 'group', undefined);
    this.phase = 'running';
  }

  spawn<M>(name: string, handler: MemberHandler<M>, onExit: MemberExit): GroupRef {
    if (this.phase !== 'running') throw stoppedError(`Cannot start "${name}"`, this);
    const member = new Member(this, name, handler as MemberHandler<unknown>, onExit);
    const before = this.#youngest;
    if (before) {
      before.younger = member;
      member.older = before;
    }
    this.#youngest = member;
    return member;
  }

  forget(member: Member): void {
    const { older, younger } = member;
    if (younger) younger.older = older;
    else this.#youngest = older;
    if (older) older.younger = younger;
    member.older = undefined;
    member.younger = undefined;
  }

  post(): boolean {
    return false;
  }

  /** Called when the parent stops. Members have no clean-up to wait for. */
  override close(): void {
    this.kill();
  }

  stop(): void {
    this.kill();
  }

  protected onFence(): void {
    // No member is added meanwhile: the group has ended.
    const members: Member[] = [];
    for (let member = this.#youngest; member; member = member.older) members.push(member);
    for (const member of members) member.end('killed');
  }
}

/**
 * Opens a group of actors under an actor, a supervisor or a system. Members have the same fences and exit reasons as `spawnActor`'s.
 * Everything is synchronous: mailboxes, promises, specifications and `init` cannot pay at 5 µs an actor.
 *
 * When the parent ends, in whatever way, the members are killed first. Throws `HANDOFF_STOPPED` if the parent has ended.
 */
export function openGroup(parent: Parent): ActorGroup {
  return new GroupPlace(cellOf('parent', parent));
}
